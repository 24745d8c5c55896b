package voting.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Selector;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;

/**
 * People who watch {@code /events}: connections that only receive, in one thread. One more than asked for is there always:
 * it tells what can be seen, and when.
 */
final class Viewers implements AutoCloseable {

    /** So many connect at the same time; the queue of a server for new connections is short. */
    private static final int CONNECTING_AT_ONCE = 50;

    private static final int BUFFER_SIZE = 64 * 1024;
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(60);

    private final Wires wires;
    private final byte[] request;
    private final int count;
    private final int silent;
    private final BiConsumer<Long, Long> shown;
    private final Latencies delivery = new Latencies();
    private final AtomicInteger watching = new AtomicInteger();
    private final AtomicInteger lost = new AtomicInteger();
    private final CountDownLatch allWatching = new CountDownLatch(1);
    private final Selector selector;
    private final Thread thread;
    private int opened;
    private int connecting;
    private volatile long measuredFromNanos;
    private volatile boolean measuring;
    private volatile boolean closed;
    private volatile Throwable failure;

    /**
     * @param count how many
     * @param silent how many of them stop reading as soon as they are answered, as a phone in a tunnel does
     * @param shown is told each total that the first viewer sees, and when
     */
    Viewers(Wires wires, Endpoint server, int count, int silent, BiConsumer<Long, Long> shown) throws IOException {
        this.wires = wires;
        this.request = Workload.get(server, "/events");
        this.count = 1 + count;
        this.silent = silent;
        this.shown = shown;
        this.selector = Selector.open();
        this.thread = Thread.ofPlatform()
                .name("viewers")
                .daemon()
                .uncaughtExceptionHandler((ended, e) -> failure = e)
                .start(this::run);
    }

    /** Returns when all of them watch. */
    void awaitWatching() throws InterruptedException {
        if (!allWatching.await(CONNECT_TIMEOUT.toSeconds(), TimeUnit.SECONDS) || watching.get() < count) {
            throw new LoadException(
                    "Only %d of %d viewers could connect to /events within %d s: check RESULT_URL, ulimit -n and VIEWERS.",
                    watching.get(), count, CONNECT_TIMEOUT.toSeconds());
        }
    }

    /** From now on until the end. */
    void measureFrom(long nanos) {
        measuredFromNanos = nanos;
        measuring = true;
    }

    /** From the moment when the result service read a tally to that when a viewer had it; by two clocks. */
    Latencies delivery() {
        return delivery;
    }

    /** Connections that ended, though viewers do not leave. Those of silent ones may end unnoticed. */
    int lost() {
        return lost.get();
    }

    /** Why nobody watches any more, when that is so. */
    Optional<Throwable> failure() {
        return Optional.ofNullable(failure);
    }

    @Override
    public void close() {
        closed = true;
        selector.wakeup();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        var buffer = ByteBuffer.allocateDirect(BUFFER_SIZE);
        try (selector) {
            while (!closed) {
                while (opened < count && connecting < CONNECTING_AT_ONCE) {
                    open();
                }
                selector.select();
                for (var key : selector.selectedKeys()) {
                    ((Viewer) key.attachment()).proceed(buffer);
                }
                selector.selectedKeys().clear();
            }
            selector.keys().forEach(key -> ((Viewer) key.attachment()).wire.close());
        } catch (IOException e) {
            throw new IllegalStateException("The viewers cannot go on", e);
        }
    }

    private void open() throws IOException {
        var number = opened++;
        connecting++;
        // The silent ones are not the first.
        new Viewer(number == 0, number >= count - silent).connect();
    }

    private final class Viewer {

        private final boolean first;
        private final boolean silent;
        private final AnswerParser parser = new AnswerParser(new TallyEvents(this::tally));
        private Wire wire;
        private boolean watches;

        private Viewer(boolean first, boolean silent) {
            this.first = first;
            this.silent = silent;
        }

        private void connect() throws IOException {
            wire = silent ? wires.openNarrow(selector, this) : wires.open(selector, this);
            wire.send(request);
        }

        private void proceed(ByteBuffer buffer) {
            try {
                wire.proceed();
                for (var read = wire.read(buffer.clear()); read != 0; read = wire.read(buffer.clear())) {
                    if (read < 0 || parser.accept(buffer.flip()) || parser.status() != 200) {
                        throw new IOException("The events ended");
                    }
                    noteWatching();
                    if (silent) {
                        return;
                    }
                }
            } catch (IOException e) {
                wire.close();
                lost.incrementAndGet();
                if (!watches) {
                    connecting--;
                    allWatching.countDown(); // they never will
                }
            }
        }

        private void noteWatching() {
            if (watches) {
                return;
            }
            watches = true;
            connecting--;
            if (silent) {
                wire.stopReading();
            }
            if (watching.incrementAndGet() == count) {
                allWatching.countDown();
            }
        }

        private void tally(long total, Instant asOf) {
            var now = System.nanoTime();
            if (first) {
                shown.accept(total, now);
            }
            if (measuring && now - measuredFromNanos >= 0) {
                delivery.record(
                        Math.max(0, Duration.between(asOf, Instant.now()).toNanos()));
            }
        }
    }
}
