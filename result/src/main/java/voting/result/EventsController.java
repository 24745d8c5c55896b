package voting.result;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.Connection;
import reactor.netty.FutureMono;

/**
 * {@code /events}: Server-Sent Events {@code tally}, {@code activity} and {@code outage}; {@code /events?pipeline}: the
 * event {@code pipeline}. A viewer who reads slower than things change skips to the newest, and delays nobody else.
 */
@Controller
class EventsController {

    /** Proxies cut connections that are silent for a minute; the script reconnects when it hears nothing for 40 s. */
    private static final Duration HEARTBEAT_INTERVAL = Duration.ofSeconds(15);

    private static final byte[] HEARTBEAT = ": keep-alive\nevent: heartbeat\ndata:\n\n".getBytes(UTF_8);

    /** A connection that is not blocked takes an event within a few milliseconds, also when there are thousands. */
    private static final Duration[] DELAY_BUCKETS = IntStream.of(1, 5, 10, 25, 50, 100, 250, 500, 1_000, 5_000)
            .mapToObj(Duration::ofMillis)
            .toArray(Duration[]::new);

    private final TallyWatcher watcher;
    private final PipelineWatcher pipelineWatcher;
    private final Timer pushDelay;

    EventsController(TallyWatcher watcher, PipelineWatcher pipelineWatcher, MeterRegistry metrics) {
        this.watcher = watcher;
        this.pipelineWatcher = pipelineWatcher;
        this.pushDelay = Timer.builder("tally.push.delay")
                .description("Per viewer and event: from handing it over until the viewer's connection took it")
                .serviceLevelObjectives(DELAY_BUCKETS)
                .register(metrics);
    }

    @GetMapping("/events")
    Mono<Void> events(ServerWebExchange exchange) {
        return answer(exchange, updates());
    }

    @GetMapping(path = "/events", params = "pipeline")
    Mono<Void> pipelineEvents(ServerWebExchange exchange) {
        return answer(exchange, pipelineWatcher.events().onBackpressureLatest());
    }

    private Mono<Void> answer(ServerWebExchange exchange, Flux<byte[]> updates) {
        var response = exchange.getResponse();
        response.getHeaders().setContentType(MediaType.TEXT_EVENT_STREAM);
        response.getHeaders().setCacheControl("no-store");
        response.getHeaders().set("X-Accel-Buffering", "no"); // nginx is to pass events on at once
        var opening = Mono.just(response.bufferFactory().wrap(HEARTBEAT));
        return response.writeAndFlushWith(Mono.just(opening)).then(send(response, updates));
    }

    /**
     * One event at a time, the next when the connection has taken the last. (Spring's own writing asks for more than a
     * hundred events ahead: that is how far behind a slow viewer would be.)
     */
    private Mono<Void> send(ServerHttpResponse response, Flux<byte[]> updates) {
        Connection connection = ServerHttpResponseDecorator.getNativeResponse(response);
        return Flux.merge(1, updates, heartbeats())
                .concatMap(event -> FutureMono.deferFuture(() -> write(event, connection.channel())), 0)
                .then();
    }

    private ChannelFuture write(byte[] event, Channel channel) {
        var start = System.nanoTime();
        return channel.writeAndFlush(Unpooled.wrappedBuffer(event)).addListener(written -> {
            if (written.isSuccess()) { // otherwise the viewer has gone
                pushDelay.record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
            }
        });
    }

    private Flux<byte[]> updates() {
        return Flux.defer(() -> {
            var seen = new Snapshot[] {Snapshot.EMPTY};
            return watcher.snapshots()
                    .onBackpressureLatest()
                    .concatMapIterable(
                            snapshot -> {
                                var events = snapshot.eventsSince(seen[0]);
                                seen[0] = snapshot;
                                return events;
                            },
                            1);
        });
    }

    private static Flux<byte[]> heartbeats() {
        return Flux.interval(HEARTBEAT_INTERVAL).map(tick -> HEARTBEAT).onBackpressureDrop();
    }
}
