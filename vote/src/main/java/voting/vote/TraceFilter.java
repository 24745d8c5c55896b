package voting.vote;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.slf4j.MDC;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * A span for each post that the sampler takes; log lines of the request carry its ids. What the client says about traces
 * is not heard: anybody could have every vote traced.
 */
final class TraceFilter extends OncePerRequestFilter {

    /** Request attribute: the span, for the page of an error, which Tomcat dispatches after the request itself. */
    private static final String SPAN = TraceFilter.class.getName();

    private final Tracer tracer;

    TraceFilter(Tracer tracer) {
        this.tracer = tracer;
    }

    @Override
    protected boolean shouldNotFilter(HttpServletRequest request) {
        return request.getDispatcherType() == DispatcherType.ERROR
                ? request.getAttribute(SPAN) == null
                : !HttpMethod.POST.matches(request.getMethod());
    }

    @Override
    protected boolean shouldNotFilterErrorDispatch() {
        return false;
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        if (request.getAttribute(SPAN) instanceof Span span) {
            doFilterIn(span, request, response, chain);
            return;
        }
        var span = tracer.spanBuilder("cast vote")
                .setNoParent()
                .setSpanKind(SpanKind.SERVER)
                .startSpan();
        if (!span.getSpanContext().isSampled()) {
            chain.doFilter(request, response);
            return;
        }
        request.setAttribute(SPAN, span);
        try {
            doFilterIn(span, request, response, chain);
            span.setAttribute("http.response.status_code", response.getStatus());
            if (response.getStatus() >= HttpStatus.INTERNAL_SERVER_ERROR.value()) {
                span.setStatus(StatusCode.ERROR);
            }
        } finally {
            span.end();
        }
    }

    private static void doFilterIn(
            Span span, HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        MDC.put("trace.id", span.getSpanContext().getTraceId());
        MDC.put("span.id", span.getSpanContext().getSpanId());
        var scope = span.makeCurrent();
        try {
            chain.doFilter(request, response);
        } finally {
            scope.close();
            MDC.remove("trace.id");
            MDC.remove("span.id");
        }
    }
}
