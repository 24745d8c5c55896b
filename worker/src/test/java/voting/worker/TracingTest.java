package voting.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static voting.worker.Counted.eventually;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** No collector of traces, however bad, keeps a ballot from being counted; and what is traced can be found in the log. */
@ExtendWith(Stores.class)
class TracingTest {

    private static final String TRACE_PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    /** Less than what Compose waits, with the two seconds that a collector may take. */
    private static final Duration LONGEST_STOP = Duration.ofSeconds(8);

    @Test
    void collectorThatIsAwayIsOneWarningAndLinesAboutABatchNameItsTrace() throws Exception {
        try (var log = ProcessLog.of(ProcessLog.JSON, sentTo("http://127.0.0.1:1"))) {
            Vote.castTraced(0, Vote.of(1, "cats"), TRACE_PARENT);
            log.await("Traces do not reach the collector of OTEL_EXPORTER_OTLP_ENDPOINT");
            castWithPoison(Vote.of(2, "cats"));

            var rejected =
                    log.awaitObject(line -> line.at("/message").asString().contains("kept in rejected_entry"));

            assertThat(rejected.at("/trace/id").asString())
                    .matches("[0-9a-f]{32}")
                    .isNotEqualTo(TRACE_PARENT.substring(3, 35)); // the batch's own: it may have many votes
            assertCounted(2);
            log.stop();
            assertThat(warnings(log)).hasSize(1);
        }
    }

    @Test
    void collectorThatNeverAnswersDelaysNoBallotAndNoStop() throws Exception {
        try (var silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                var log = ProcessLog.of(sentTo("http://127.0.0.1:" + silent.getLocalPort()))) {
            assertThat(log.await("Draining, after")).containsPattern("\\[ *drainer-\\d] voting.worker.DrainLoop +: ");
            castWithPoison(Vote.of(1, "cats"));
            assertThat(log.await("kept in rejected_entry"))
                    .containsPattern("\\[[0-9a-f]{32}] voting.worker.DrainLoop +: ");
            log.await("Traces do not reach the collector of OTEL_EXPORTER_OTLP_ENDPOINT");
            Vote.castTraced(0, Vote.of(2, "cats"), TRACE_PARENT);
            assertCounted(2);

            assertThat(log.stop()).isLessThan(LONGEST_STOP);
            assertThat(warnings(log)).hasSize(1);
        }
    }

    @Test
    void endpointThatIsNoAddressIsOneWarningAndBallotsAreCounted() throws Exception {
        try (var log = ProcessLog.of(sentTo("collector:4318"))) {
            Vote.castTraced(0, Vote.of(1, "cats"), TRACE_PARENT);
            assertCounted(1);

            assertThat(warnings(log)).singleElement().asString().contains("There are no traces: ");
        }
    }

    private static Map<String, String> sentTo(String endpoint) {
        return Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
    }

    /** As one batch: no drainer gets at the stream before both are there. */
    private static void castWithPoison(Vote vote) throws SQLException {
        try (var connection = Stores.worker().getConnection()) {
            eventually().until(() -> new BallotStore().lockPosition(connection, 0) != null);
            Vote.castTraced(0, vote, TRACE_PARENT);
            Vote.castRaw("*", 0, new byte[] {0}, new byte[] {0});
            connection.rollback();
        }
    }

    private static void assertCounted(int ballots) {
        eventually().untilAsserted(() -> assertThat(Counted.ballots()).hasSize(ballots));
    }

    private static List<String> warnings(ProcessLog log) {
        return log.lines().stream()
                .filter(line -> line.contains("WARN") && line.contains("voting.worker.Tracing"))
                .toList();
    }
}
