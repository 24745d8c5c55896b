package voting.result;

import java.net.URI;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.webflux.error.ErrorWebExceptionHandler;
import org.springframework.context.MessageSource;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.MediaType;
import org.springframework.http.ProblemDetail;
import org.springframework.stereotype.Component;
import org.springframework.ui.ExtendedModelMap;
import org.springframework.web.ErrorResponse;
import org.springframework.web.reactive.result.view.ViewResolver;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Mono;
import tools.jackson.databind.json.JsonMapper;

/** Every error, told in the reader's language: as a page, or as a problem detail (RFC 9457) to programs. */
@Component
@Order(-2) // before Spring Boot's own
class ErrorPages implements ErrorWebExceptionHandler {

    /** The watcher tries to reach Postgres at least this often. */
    private static final String RETRY_AFTER_SECONDS = "2";

    private static final Logger log = LoggerFactory.getLogger(ErrorPages.class);

    private final MessageSource messages;
    private final PageAssets assets;
    private final ViewResolver views;
    private final JsonMapper json;

    ErrorPages(MessageSource messages, PageAssets assets, ViewResolver views, JsonMapper json) {
        this.messages = messages;
        this.assets = assets;
        this.views = views;
        this.json = json;
    }

    @Override
    public Mono<Void> handle(ServerWebExchange exchange, Throwable error) {
        var response = exchange.getResponse();
        if (response.isCommitted()) {
            return Mono.error(error); // half an answer is out; the connection ends
        }
        var status = error instanceof ErrorResponse known ? known.getStatusCode() : HttpStatus.INTERNAL_SERVER_ERROR;
        if (status.is5xxServerError() && status.value() != 503) {
            log.error("A request failed unexpectedly.", error);
        }
        response.setStatusCode(status);
        if (error instanceof ErrorResponse known) {
            response.getHeaders().putAll(known.getHeaders()); // such as Allow
        }
        if (status.value() == 503) {
            response.getHeaders().set(HttpHeaders.RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        var locale = exchange.getLocaleContext().getLocale();
        response.getHeaders().setContentLanguage(locale);
        response.getHeaders().setCacheControl("no-store");
        var path = exchange.getRequest().getURI().getRawPath();
        var title = message("title", status, locale);
        var detail = message("detail", status, locale);
        return path.startsWith("/api/") || prefersJson(exchange)
                ? problem(exchange, status, title, detail, path)
                : page(exchange, status, title, detail, path);
    }

    private Mono<Void> problem(
            ServerWebExchange exchange, HttpStatusCode status, String title, String detail, String path) {
        var problem = ProblemDetail.forStatusAndDetail(status, detail);
        problem.setTitle(title);
        problem.setInstance(URI.create(path.replaceFirst("^/+", "/"))); // "//" would begin a host name
        var response = exchange.getResponse();
        response.getHeaders().setContentType(MediaType.APPLICATION_PROBLEM_JSON);
        return response.writeWith(Mono.just(response.bufferFactory().wrap(json.writeValueAsBytes(problem))));
    }

    private Mono<Void> page(
            ServerWebExchange exchange, HttpStatusCode status, String title, String detail, String path) {
        var depth = (int) path.chars().filter(c -> c == '/').count() - 1;
        var root = "../".repeat(Math.max(0, depth)); // "GET http://host" has no path at all
        var model = new ExtendedModelMap();
        model.addAttribute("status", status.value());
        model.addAttribute("title", title);
        model.addAttribute("detail", detail);
        model.addAttribute("home", root.isEmpty() ? "./" : root);
        assets.addTo(model, root);
        return views.resolveViewName("error", exchange.getLocaleContext().getLocale())
                .flatMap(view -> view.render(model, MediaType.TEXT_HTML, exchange));
    }

    private static boolean prefersJson(ServerWebExchange exchange) {
        var accept = String.valueOf(exchange.getRequest().getHeaders().getFirst(HttpHeaders.ACCEPT));
        return accept.contains("json") && !accept.contains("html");
    }

    private String message(String part, HttpStatusCode status, Locale locale) {
        var fallback = messages.getMessage("error.default." + part, null, locale);
        return messages.getMessage("error." + status.value() + "." + part, null, fallback, locale);
    }
}
