package voting.worker;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.Tracer;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.slf4j.MDC;

/** What the drainers of a worker tell about their batches, in numbers and in traces. For any thread. */
final class DrainTelemetry {

    /** A transaction takes some 20 ms; Postgres ends one that has been idle for 10 s. */
    private static final Duration[] TRANSACTION_BUCKETS =
            millis(1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 10_000);

    /** From milliseconds when idle to minutes after an outage. */
    private static final Duration[] DELAY_BUCKETS =
            millis(5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 60_000, 600_000);

    private final Counter counted;
    private final Counter changed;
    private final Counter rejected;
    private final DistributionSummary batchSize;
    private final Timer transaction;
    private final Timer acceptedToCounted;

    private final Tracer tracer;

    DrainTelemetry(MeterRegistry metrics, Tracer tracer) {
        this.tracer = tracer;
        counted = Counter.builder("ballots.counted")
                .description("Ballots stored and counted, repeated ones included")
                .register(metrics);
        changed = Counter.builder("ballots.changed")
                .description("Ballots among them that replaced another choice of their voter")
                .register(metrics);
        rejected = Counter.builder("ballots.rejected")
                .description("Stream entries that could not be ballots, kept in rejected_entry")
                .register(metrics);
        batchSize = DistributionSummary.builder("drain.batch.size")
                .description("Entries of one transaction")
                .register(metrics);
        transaction = Timer.builder("drain.transaction")
                .description("A transaction that counts a batch, from the lock of the stream to the commit")
                .serviceLevelObjectives(TRANSACTION_BUCKETS)
                .register(metrics);
        acceptedToCounted = Timer.builder("ballot.accepted.to.counted")
                .description("Per ballot: from Redis' id of its entry to the commit that counted it")
                .serviceLevelObjectives(DELAY_BUCKETS)
                .register(metrics);
    }

    /**
     * A span for the transaction that began at that {@link System#nanoTime}, linked to the votes of its batch that are
     * traced; none when no vote is. What this thread logs carries its ids until {@link #forgetSpan}.
     */
    Span startSpan(int stream, Batch batch, long startNanos) {
        if (batch.traceParents().isEmpty()) {
            return Span.getInvalid();
        }
        var span = tracer.spanBuilder("count batch")
                .setNoParent()
                .setSpanKind(SpanKind.CONSUMER)
                .setStartTimestamp(Instant.now().minusNanos(System.nanoTime() - startNanos))
                .setAttribute("stream", stream)
                .setAttribute("ballots", batch.ballots());
        batch.traceParents().forEach(traceParent -> span.addLink(TraceParent.parse(traceParent)));
        var started = span.startSpan();
        if (started.getSpanContext().isSampled()) {
            MDC.put("trace.id", started.getSpanContext().getTraceId());
            MDC.put("span.id", started.getSpanContext().getSpanId());
        }
        return started;
    }

    /** What is logged from now on is not about the last batch of this thread. */
    static void forgetSpan() {
        MDC.remove("trace.id");
        MDC.remove("span.id");
    }

    /** Called after the commit of a batch; the transaction began at that {@link System#nanoTime}. */
    void committed(BallotStreams.Contents contents, Batch batch, int changedBallots, long startNanos) {
        transaction.record(System.nanoTime() - startNanos, TimeUnit.NANOSECONDS);
        batchSize.record(contents.entries().size());
        counted.increment(batch.ballots());
        changed.increment(changedBallots);
        rejected.increment(batch.rejected().size());
        var redisNow = System.currentTimeMillis() + contents.clockAheadMillis();
        for (var acceptedAtMillis : batch.acceptedAtMillis()) {
            acceptedToCounted.record(Math.max(0, redisNow - acceptedAtMillis), TimeUnit.MILLISECONDS);
        }
    }

    private static Duration[] millis(int... millis) {
        return IntStream.of(millis).mapToObj(Duration::ofMillis).toArray(Duration[]::new);
    }
}
