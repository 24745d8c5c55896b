package voting.vote;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Times each vote from its arrival to its answer, as its voter does: {@code http.server.requests} begins only when the
 * request has one of the {@link RequestSlots}. What a client did wrong is no vote.
 */
@Component
@Order(Ordered.HIGHEST_PRECEDENCE + 1) // around all that takes time, but within the trace, for its exemplars
class VoteTimer extends OncePerRequestFilter {

    /** 100 ms is what a vote may take; the others show how far from it we are. */
    private static final Duration[] BUCKETS = IntStream.of(5, 10, 25, 50, 100, 250, 500, 1_000, 2_500)
            .mapToObj(Duration::ofMillis)
            .toArray(Duration[]::new);

    private final Timer accepted;
    private final Timer failed;

    VoteTimer(MeterRegistry metrics) {
        accepted = timer("accepted", metrics);
        failed = timer("failed", metrics);
    }

    private static Timer timer(String outcome, MeterRegistry metrics) {
        return Timer.builder("vote.arrived.to.answered")
                .description("Votes from their arrival, the wait for a slot included, to their answer")
                .tag("outcome", outcome)
                .serviceLevelObjectives(BUCKETS)
                .register(metrics);
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        var arrivalNanos = RequestSlots.takeArrivalNanos();
        var status = HttpStatus.INTERNAL_SERVER_ERROR.value(); // should the chain throw
        try {
            chain.doFilter(request, response);
            status = response.getStatus();
        } finally {
            if (request.getMethod().equals("POST")) { // other posts than votes are answered with 4xx
                record(status, System.nanoTime() - arrivalNanos);
            }
        }
    }

    private void record(int status, long nanos) {
        if (status < HttpStatus.BAD_REQUEST.value()) {
            accepted.record(nanos, TimeUnit.NANOSECONDS);
        } else if (status >= HttpStatus.INTERNAL_SERVER_ERROR.value()) {
            failed.record(nanos, TimeUnit.NANOSECONDS);
        }
    }
}
