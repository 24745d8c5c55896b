package voting.result;

import java.util.List;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;
import org.springframework.stereotype.Component;
import org.springframework.web.server.MethodNotAllowedException;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebHandler;
import reactor.core.publisher.Mono;
import reactor.netty.Connection;

/**
 * {@code /events}: Server-Sent Events {@code tally}, {@code activity} and {@code outage}; {@code /events?pipeline}: the
 * event {@code pipeline}. A viewer who reads slower than things change skips to the newest, and delays nobody else.
 *
 * <p>Not a controller: what Spring keeps for a controller's answer, it keeps as long as the viewer stays: 3 kB of 12.
 */
@Component
class EventsHandler implements WebHandler {

    private static final List<HttpMethod> METHODS = List.of(HttpMethod.GET, HttpMethod.HEAD);

    private final TallyWatcher watcher;
    private final PipelineWatcher pipelineWatcher;

    EventsHandler(TallyWatcher watcher, PipelineWatcher pipelineWatcher) {
        this.watcher = watcher;
        this.pipelineWatcher = pipelineWatcher;
    }

    @Override
    public Mono<Void> handle(ServerWebExchange exchange) {
        var request = exchange.getRequest();
        if (!METHODS.contains(request.getMethod())) {
            return Mono.error(new MethodNotAllowedException(request.getMethod(), METHODS));
        }
        var response = exchange.getResponse();
        response.getHeaders().setContentType(MediaType.TEXT_EVENT_STREAM);
        response.getHeaders().setCacheControl("no-store");
        response.getHeaders().set("X-Accel-Buffering", "no"); // nginx is to pass events on at once
        if (request.getMethod() == HttpMethod.HEAD) {
            return response.setComplete();
        }
        var audience =
                request.getQueryParams().containsKey("pipeline") ? pipelineWatcher.audience() : watcher.audience();
        var opening = Mono.just(response.bufferFactory().wrap(Audience.HEARTBEAT));
        Connection connection = ServerHttpResponseDecorator.getNativeResponse(response);
        return response.writeAndFlushWith(Mono.just(opening)).then(audience.join(connection.channel()));
    }
}
