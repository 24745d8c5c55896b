package voting.worker;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.MDC;

/** A drainer tells what it counted, once it is committed, and how long each ballot had to wait for that. */
@ExtendWith(Stores.class)
class DrainTelemetryTest {

    private static final String VOTES_TRACE = "0af7651916cd43dd8448eb211c80319c";

    private final InMemorySpanExporter spans = InMemorySpanExporter.create();
    private final SdkTracerProvider tracers = SdkTracerProvider.builder()
            .addSpanProcessor(SimpleSpanProcessor.create(spans))
            .build();
    private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    private final BallotStreams streams = new BallotStreams(Stores.settings());
    private final Drainer drainer = new Drainer(
            streams,
            new BallotStore(),
            Stores.worker(),
            Stores.settings().poll().options().ids(),
            new DrainTelemetry(metrics, tracers.get("test")));

    @AfterEach
    void close() {
        streams.close();
        DrainTelemetry.forgetSpan();
    }

    @Test
    void newChangedRepeatedAndRejectedEntriesAreToldApart() throws SQLException {
        Vote.cast(0, Vote.of(1, "cats"), Vote.of(2, "cats"), Vote.of(3, "cats"));
        drainer.drainOnce(0);
        Vote.cast(0, Vote.of(1, "dogs"), Vote.of(2, "cats"), Vote.of(4, "birds"));
        Vote.castRaw("*", 0, new byte[] {0}, new byte[] {0});
        drainer.drainOnce(0);

        assertThat(count("ballots.counted")).isEqualTo(6);
        assertThat(count("ballots.changed")).isEqualTo(1);
        assertThat(count("ballots.rejected")).isEqualTo(1);
        assertThat(metrics.get("drain.batch.size").summary().totalAmount()).isEqualTo(7);
        assertThat(metrics.get("drain.transaction").timer().count()).isEqualTo(2);
        assertThat(delays().count()).isEqualTo(6);
    }

    @Test
    void idleStreamIsNoBatch() throws SQLException {
        drainer.drainOnce(0);

        assertThat(metrics.get("drain.batch.size").summary().count()).isZero();
        assertThat(metrics.get("drain.transaction").timer().count()).isZero();
    }

    /** Only Redis' clock is used: a worker whose own is wrong tells the truth. */
    @Test
    void delayIsTheAgeOfTheBallotByRedisClock() throws SQLException {
        try (var redis = Stores.redis()) {
            var minuteAgo = Long.parseLong(redis.time().getFirst()) * 1_000 - 60_000;
            Vote.of(1, "cats").castAs(minuteAgo + "-0", 0);
        }

        drainer.drainOnce(0);

        assertThat(delays().totalTime(SECONDS)).isBetween(59.0, 90.0);
    }

    @Test
    void ballotFromTheFutureHasNotWaited() throws SQLException {
        Vote.of(1, "cats").castAs(Long.MAX_VALUE + "-0", 0);

        drainer.drainOnce(0);

        assertThat(delays().count()).isEqualTo(1);
        assertThat(delays().totalTime(SECONDS)).isZero();
    }

    @Test
    void batchIsLinkedToTheVotesThatAreTraced() throws SQLException {
        Vote.cast(0, Vote.of(1, "cats"));
        Vote.castTraced(0, Vote.of(2, "cats"), "00-" + VOTES_TRACE + "-b7ad6b7169203331-01");

        drainer.drainOnce(0);

        assertThat(spans.getFinishedSpanItems())
                .singleElement()
                .satisfies(batch -> assertThat(batch.getLinks())
                        .singleElement()
                        .satisfies(link ->
                                assertThat(link.getSpanContext().getTraceId()).isEqualTo(VOTES_TRACE)));
    }

    @Test
    void batchWithoutATracedVoteIsNotTraced() throws SQLException {
        Vote.cast(0, Vote.of(1, "cats"));

        drainer.drainOnce(0);

        assertThat(spans.getFinishedSpanItems()).isEmpty();
    }

    @Test
    void whatIsLoggedAboutATracedBatchCarriesItsTraceEvenWhenItFails() throws SQLException {
        Vote.cast(0, Vote.of(1, "cats"));
        drainer.drainOnce(0); // the position has nothing to correct from then on
        Vote.castTraced(0, Vote.of(1, "cats"), "00-" + VOTES_TRACE + "-b7ad6b7169203331-01");
        var failing = new Drainer(
                streams,
                new BallotStore(),
                new Faults() {
                    @Override
                    void beforeCommit() throws SQLException {
                        throw new SQLException("a test");
                    }
                }.dataSource(),
                Stores.settings().poll().options().ids(),
                new DrainTelemetry(metrics, tracers.get("test")));

        assertThatThrownBy(() -> failing.drainOnce(0)).hasMessage("a test");

        assertThat(MDC.get("trace.id"))
                .isEqualTo(spans.getFinishedSpanItems().getFirst().getTraceId())
                .isNotEqualTo(VOTES_TRACE);
        drainer.drainOnce(0);
        Vote.cast(0, Vote.of(2, "cats"));
        drainer.drainOnce(0);
        assertThat(MDC.get("trace.id")).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "x",
                "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                "zz-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x"
            })
    void ballotIsCountedWhateverItSaysAboutATrace(String traceParent) throws SQLException {
        Vote.castTraced(0, Vote.of(1, "cats"), traceParent);

        drainer.drainOnce(0);

        assertThat(count("ballots.counted")).isEqualTo(1);
        assertThat(count("ballots.rejected")).isZero();
        assertThat(spans.getFinishedSpanItems())
                .allSatisfy(batch -> assertThat(batch.getLinks()).isEmpty());
    }

    private double count(String name) {
        return metrics.get(name).counter().count();
    }

    private Timer delays() {
        return metrics.get("ballot.accepted.to.counted").timer();
    }
}
