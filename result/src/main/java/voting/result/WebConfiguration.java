package voting.result;

import io.micrometer.observation.ObservationPredicate;
import io.netty.channel.ChannelOption;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.springframework.boot.reactor.netty.NettyServerCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.http.HttpHeaders;
import org.springframework.http.server.reactive.observation.ServerRequestObservationContext;
import org.springframework.web.reactive.HandlerMapping;
import org.springframework.web.reactive.handler.SimpleUrlHandlerMapping;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.i18n.AcceptHeaderLocaleContextResolver;
import org.springframework.web.server.i18n.LocaleContextResolver;
import org.springframework.web.server.session.WebSessionManager;
import reactor.core.publisher.Mono;

/** Languages, what every response says to browsers, and how much is kept for a slow one. */
@Configuration
class WebConfiguration {

    private static final String CONTENT_SECURITY_POLICY =
            "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
                    + "form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

    /** Far more than one event, and far less than the megabytes of stale events that Linux would queue by itself. */
    private static final int SEND_BUFFER_BYTES = 16 * 1024;

    @Bean
    LocaleContextResolver localeContextResolver() {
        var resolver = new AcceptHeaderLocaleContextResolver();
        resolver.setSupportedLocales(List.of(Locale.ENGLISH, Locale.FRENCH));
        resolver.setDefaultLocale(Locale.ENGLISH);
        return resolver;
    }

    /**
     * No sessions: Spring would make one for every page, and finish the page in another thread. That is also where Reactor
     * Netty 1.3.7 stalls a connection whose next request is quick (reactor-netty 4361).
     */
    @Bean
    WebSessionManager webSessionManager() {
        return exchange -> Mono.empty();
    }

    /** What has been handed to the system cannot be taken back when a newer tally comes: see Audience. */
    @Bean
    NettyServerCustomizer smallSendBuffers() {
        return server -> server.childOption(ChannelOption.SO_SNDBUF, SEND_BUFFER_BYTES);
    }

    @Bean
    HandlerMapping events(EventsHandler handler) {
        return new SimpleUrlHandlerMapping(Map.of("/events", handler), Ordered.HIGHEST_PRECEDENCE);
    }

    /** How long a viewer stays is no response time. */
    @Bean
    ObservationPredicate requestsThatEnd() {
        return (name, observed) -> !(observed instanceof ServerRequestObservationContext request
                && "/events".equals(request.getCarrier().getURI().getPath()));
    }

    /**
     * Nobody needs a part of our small files, and to a range that is malformed Spring answers with the length of the file
     * but without the file: whoever shares the connection, such as a proxy, would wait for it.
     */
    @Bean
    WebFilter noRanges() {
        return (exchange, chain) -> exchange.getRequest().getHeaders().containsHeader(HttpHeaders.RANGE)
                ? chain.filter(exchange.mutate()
                        .request(request -> request.headers(headers -> headers.remove(HttpHeaders.RANGE)))
                        .build())
                : chain.filter(exchange);
    }

    @Bean
    WebFilter securityHeaders() {
        return (exchange, chain) -> {
            var headers = exchange.getResponse().getHeaders();
            headers.set("Content-Security-Policy", CONTENT_SECURITY_POLICY);
            headers.set("X-Content-Type-Options", "nosniff");
            headers.set("Referrer-Policy", "no-referrer");
            headers.add(HttpHeaders.VARY, HttpHeaders.ACCEPT_LANGUAGE);
            return chain.filter(exchange);
        };
    }
}
