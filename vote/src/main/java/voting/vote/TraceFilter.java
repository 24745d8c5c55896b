package voting.vote;

import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
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

    private final Tracer tracer;

    TraceFilter(Tracer tracer) {
        this.tracer = tracer;
    }

    @Override
    protected boolean shouldNotFilter(HttpServletRequest request) {
        return !HttpMethod.POST.matches(request.getMethod());
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        var span = tracer.spanBuilder("cast vote")
                .setNoParent()
                .setSpanKind(SpanKind.SERVER)
                .startSpan();
        if (!span.getSpanContext().isSampled()) {
            chain.doFilter(request, response);
            return;
        }
        MDC.put("trace.id", span.getSpanContext().getTraceId());
        MDC.put("span.id", span.getSpanContext().getSpanId());
        var scope = span.makeCurrent();
        try {
            chain.doFilter(request, response);
            span.setAttribute("http.response.status_code", response.getStatus());
            if (response.getStatus() >= HttpStatus.INTERNAL_SERVER_ERROR.value()) {
                span.setStatus(StatusCode.ERROR);
            }
        } finally {
            scope.close();
            span.end();
            MDC.remove("trace.id");
            MDC.remove("span.id");
        }
    }
}
