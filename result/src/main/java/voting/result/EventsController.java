package voting.result;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.Unpooled;
import java.time.Duration;
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
 * {@code /events}: Server-Sent Events {@code tally}, {@code activity} and {@code outage}. A viewer who reads slower
 * than the tally changes skips to the newest one, and delays nobody else.
 */
@Controller
class EventsController {

    /** Proxies cut connections that are silent for a minute; the script reconnects when it hears nothing for 40 s. */
    private static final Duration HEARTBEAT_INTERVAL = Duration.ofSeconds(15);

    private static final byte[] HEARTBEAT = ": keep-alive\nevent: heartbeat\ndata:\n\n".getBytes(UTF_8);

    private final TallyWatcher watcher;

    EventsController(TallyWatcher watcher) {
        this.watcher = watcher;
    }

    @GetMapping("/events")
    Mono<Void> events(ServerWebExchange exchange) {
        var response = exchange.getResponse();
        response.getHeaders().setContentType(MediaType.TEXT_EVENT_STREAM);
        response.getHeaders().setCacheControl("no-store");
        response.getHeaders().set("X-Accel-Buffering", "no"); // nginx is to pass events on at once
        var opening = Mono.just(response.bufferFactory().wrap(HEARTBEAT));
        return response.writeAndFlushWith(Mono.just(opening)).then(send(response));
    }

    /**
     * One event at a time, the next when the connection has taken the last. (Spring's own writing asks for more than a
     * hundred events ahead: that is how far behind a slow viewer would be.)
     */
    private Mono<Void> send(ServerHttpResponse response) {
        Connection connection = ServerHttpResponseDecorator.getNativeResponse(response);
        return Flux.merge(1, updates(), heartbeats())
                .concatMap(
                        event -> FutureMono.deferFuture(
                                () -> connection.channel().writeAndFlush(Unpooled.wrappedBuffer(event))),
                        0)
                .then();
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
