package voting.result;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpServerCodec;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import reactor.core.publisher.Mono;

/**
 * The viewers of one kind of news. Each is sent what it has not seen, and when its connection has taken that, what is new
 * by then: who reads slower than things change skips to the newest, and delays nobody else. Any thread may use it.
 *
 * <p>News cost a task per event loop, and a write per viewer who is not behind.
 *
 * @param <N> immutable; told apart by identity
 */
final class Audience<N> {

    static final byte[] HEARTBEAT = ": keep-alive\nevent: heartbeat\ndata:\n\n".getBytes(US_ASCII);

    private static final byte[] HEARTBEAT_CHUNK = chunk(HEARTBEAT);

    /** Proxies cut connections that are silent for a minute; the script reconnects when it hears nothing for 40 s. */
    private static final Duration HEARTBEAT_INTERVAL = Duration.ofSeconds(15);

    /** A connection that is not blocked takes an event within a few milliseconds, also when there are thousands. */
    private static final Duration[] DELAY_BUCKETS = IntStream.of(1, 5, 10, 25, 50, 100, 250, 500, 1_000, 5_000)
            .mapToObj(Duration::ofMillis)
            .toArray(Duration[]::new);

    private final N nothing;
    private final BiFunction<N, N, byte[]> eventsSince;
    private final Timer pushDelay;
    private final Map<EventLoop, Group> groups = new ConcurrentHashMap<>();
    private final AtomicInteger size = new AtomicInteger();
    private volatile N newest;

    /**
     * @param nothing what somebody has seen who has just come
     * @param eventsSince the events that lead to the first news from the second; none if there are none
     */
    Audience(N nothing, BiFunction<N, N, byte[]> eventsSince, MeterRegistry metrics) {
        this.nothing = nothing;
        this.newest = nothing;
        this.eventsSince = eventsSince;
        this.pushDelay = Timer.builder("tally.push.delay")
                .description("Per viewer and write: from the news until the viewer's connection took it")
                .serviceLevelObjectives(DELAY_BUCKETS)
                .register(metrics);
    }

    int size() {
        return size.get();
    }

    void tell(N news) {
        newest = news;
        var told = System.nanoTime();
        groups.forEach((loop, group) -> loop.execute(() -> group.tell(told)));
    }

    /**
     * Makes a viewer of a connection whose answer has begun, in chunks: it gets the newest, and whatever follows. Ends when
     * it is cancelled, as it is when the connection ends.
     */
    Mono<Void> join(Channel connection) {
        var group = groups.computeIfAbsent(connection.eventLoop(), Group::new);
        var viewer = new Viewer(connection, group);
        return Mono.<Void>never()
                .doFirst(() -> {
                    size.incrementAndGet();
                    group.loop.execute(() -> group.add(viewer));
                })
                .doFinally(end -> {
                    size.decrementAndGet();
                    group.loop.execute(() -> group.remove(viewer));
                });
    }

    /** The viewers of one event loop, which alone uses it. */
    private final class Group {

        private final EventLoop loop;
        private final Set<Viewer> viewers = new LinkedHashSet<>();

        // The same for nearly all viewers, one after the other.
        private N from = nothing;
        private N to = nothing;
        private byte[] chunk = {};

        Group(EventLoop loop) {
            this.loop = loop;
            loop.scheduleAtFixedRate(
                    this::keepAlive,
                    HEARTBEAT_INTERVAL.toMillis(),
                    HEARTBEAT_INTERVAL.toMillis(),
                    TimeUnit.MILLISECONDS);
        }

        void add(Viewer viewer) {
            viewers.add(viewer);
            viewer.catchUp(newest, System.nanoTime());
        }

        void remove(Viewer viewer) {
            viewers.remove(viewer);
        }

        void tell(long told) {
            var news = newest;
            viewers.forEach(viewer -> viewer.catchUp(news, told));
        }

        private void keepAlive() {
            var now = System.nanoTime();
            viewers.forEach(viewer -> viewer.keepAlive(now));
        }

        byte[] chunkSince(N seen, N news) {
            if (from != seen || to != news) {
                chunk = chunk(eventsSince.apply(news, seen));
                from = seen;
                to = news;
            }
            return chunk;
        }
    }

    /** Used by the event loop of its connection. */
    private final class Viewer {

        /** Chunks go past it: it would make three buffers of each, which takes a quarter of the processor time. */
        private final ChannelHandlerContext codec;

        private final Group group;
        private N seen = nothing;
        private boolean isWriting;

        Viewer(Channel connection, Group group) {
            this.codec = connection.pipeline().context(HttpServerCodec.class);
            this.group = group;
        }

        void catchUp(N news, long start) {
            if (isWriting || seen == news) {
                return;
            }
            var chunk = group.chunkSince(seen, news);
            seen = news;
            if (chunk.length > 0) {
                write(chunk, start);
            }
        }

        void keepAlive(long start) {
            if (!isWriting) {
                write(HEARTBEAT_CHUNK, start);
            }
        }

        private void write(byte[] chunk, long start) {
            isWriting = true;
            codec.writeAndFlush(Unpooled.wrappedBuffer(chunk)).addListener(written -> {
                isWriting = false;
                if (written.isSuccess()) { // otherwise the viewer has gone
                    var now = System.nanoTime();
                    pushDelay.record(now - start, TimeUnit.NANOSECONDS);
                    catchUp(newest, now);
                }
            });
        }
    }

    /** RFC 9112, 7.1; nothing for nothing, as an empty chunk would end the answer. */
    private static byte[] chunk(byte[] bytes) {
        if (bytes.length == 0) {
            return bytes;
        }
        var chunk = new ByteArrayOutputStream(bytes.length + 12);
        chunk.writeBytes((Integer.toHexString(bytes.length) + "\r\n").getBytes(US_ASCII));
        chunk.writeBytes(bytes);
        chunk.writeBytes("\r\n".getBytes(US_ASCII));
        return chunk.toByteArray();
    }
}
