package voting.vote;

import static java.nio.charset.StandardCharsets.UTF_8;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.stereotype.Component;
import org.springframework.ui.ExtendedModelMap;
import org.springframework.web.filter.OncePerRequestFilter;
import org.springframework.web.servlet.LocaleResolver;
import org.thymeleaf.ITemplateEngine;
import org.thymeleaf.context.Context;
import tools.jackson.databind.json.JsonMapper;
import voting.vote.VoteCounters.Refusal;

/**
 * Answers 503 to what has waited too long for one of the {@link RequestSlots}. Those that are accepted must not pay for it:
 * each answer is made once, and nothing of the request is looked at but what its sender understands.
 */
@Component
@Order(Ordered.HIGHEST_PRECEDENCE + 2) // within VoteTimer: for a voter, this has failed
class OverloadFilter extends OncePerRequestFilter {

    private static final HttpStatus STATUS = HttpStatus.SERVICE_UNAVAILABLE;

    /** What an answer depends on. */
    private record Reader(Locale locale, boolean program) {}

    private final ErrorPages errors;
    private final LocaleResolver locales;
    private final ITemplateEngine templates;
    private final JsonMapper json;
    private final VoteCounters counters;
    private final Map<Reader, byte[]> answers = new ConcurrentHashMap<>();

    OverloadFilter(
            ErrorPages errors,
            LocaleResolver locales,
            ITemplateEngine templates,
            JsonMapper json,
            VoteCounters counters) {
        this.errors = errors;
        this.locales = locales;
        this.templates = templates;
        this.json = json;
        this.counters = counters;
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        if (!RequestSlots.takeRefusal()) {
            chain.doFilter(request, response);
            return;
        }
        var path = request.getRequestURI();
        if (ErrorPages.isVote(request.getMethod(), path)) {
            counters.refused(Refusal.QUEUE_FULL);
        }
        var reader = new Reader(locales.resolveLocale(request), ErrorPages.isForProgram(path, request));
        var answer = answers.computeIfAbsent(reader, key -> key.program() ? problem(key.locale()) : page(key.locale()));
        response.setStatus(STATUS.value());
        response.setHeader(HttpHeaders.RETRY_AFTER, ErrorPages.RETRY_AFTER_SECONDS);
        response.setHeader(HttpHeaders.CACHE_CONTROL, "no-store");
        response.setHeader(HttpHeaders.CONTENT_LANGUAGE, reader.locale().getLanguage());
        response.setContentType(
                reader.program() ? MediaType.APPLICATION_PROBLEM_JSON_VALUE : "text/html;charset=UTF-8");
        response.setContentLength(answer.length);
        response.getOutputStream().write(answer);
    }

    private byte[] problem(Locale locale) {
        return json.writeValueAsBytes(errors.problem(STATUS, locale));
    }

    private byte[] page(Locale locale) {
        var model = new ExtendedModelMap();
        errors.describe(STATUS, locale, "", model);
        return templates.process("error", new Context(locale, model)).getBytes(UTF_8);
    }
}
