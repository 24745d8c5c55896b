package voting.result;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** No collector of traces, however bad, keeps a tally from its viewers; and what is traced can be found in the log. */
class TracingTest {

    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";

    /** What a tally may take to the viewers of a service that has just started, and far less than a collector's timeout. */
    private static final Duration SOON = Duration.ofSeconds(5);

    /** Less than what Compose waits, with the two seconds that a collector may take. */
    private static final Duration LONGEST_STOP = Duration.ofSeconds(8);

    private final TestPostgres postgres = TestPostgres.shared();

    @BeforeEach
    void clear() {
        postgres.clear();
    }

    @AfterEach
    void letResultRead() {
        postgres.execute("postgres", "grant select on tally to result");
    }

    @Test
    void collectorThatIsAwayIsOneWarningAndALineAboutAPushNamesItsTrace() throws Exception {
        try (var log = ProcessLog.of(ProcessLog.JSON, sentTo("http://127.0.0.1:1"))) {
            var port = port(log);
            countTraced(1);
            log.await("Traces do not reach the collector of OTEL_EXPORTER_OTLP_ENDPOINT");
            countTraced(1);
            awaitTotal(2, port);

            postgres.execute("postgres", "revoke select on tally from result");
            notifyTraced();

            var outage =
                    log.awaitObject(line -> line.at("/message").asString().startsWith("Postgres cannot be read: "));
            assertThat(outage.at("/trace/id").asString()).isEqualTo(TRACE);
            letResultRead();
            var end = log.awaitObject(line -> line.at("/message").asString().startsWith("Postgres can be read again"));
            assertThat(end.has("trace")).isFalse();
            log.stop();
            assertThat(warnings(log)).hasSize(1);
        }
    }

    @Test
    void collectorThatNeverAnswersDelaysNoTallyAndNoStop() throws Exception {
        try (var silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                var log = ProcessLog.of(sentTo("http://127.0.0.1:" + silent.getLocalPort()))) {
            var port = port(log);
            countTraced(1);
            awaitTotal(1, port);
            log.await("Traces do not reach the collector of OTEL_EXPORTER_OTLP_ENDPOINT");
            countTraced(1);
            awaitTotal(2, port);
            postgres.execute("postgres", "revoke select on tally from result");
            notifyTraced();
            assertThat(log.await("Postgres cannot be read"))
                    .containsPattern("\\[" + TRACE + "] voting.result.TallyWatcher +: ");
            letResultRead();
            assertThat(log.await("Postgres can be read again"))
                    .containsPattern("\\[ *tally-watcher] voting.result.TallyWatcher +: ");

            assertThat(log.stop()).isLessThan(LONGEST_STOP);
            assertThat(warnings(log)).hasSize(1);
        }
    }

    @Test
    void endpointThatIsNoAddressIsOneWarningAndTalliesAreShown() throws Exception {
        try (var log = ProcessLog.of(sentTo("collector:4318"))) {
            var port = port(log);
            countTraced(1);
            awaitTotal(1, port);

            assertThat(warnings(log)).singleElement().asString().contains("There are no traces: ");
        }
    }

    private static Map<String, String> sentTo(String endpoint) {
        return Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
    }

    private void countTraced(long votes) {
        postgres.countSilently(0, Map.of("cats", votes));
        notifyTraced();
    }

    /** What a worker tells at the commit of a batch that is traced. */
    private void notifyTraced() {
        postgres.execute(
                "worker",
                "select pg_notify('tally', (extract(epoch from clock_timestamp()) * 1000)::bigint || ' 00-" + TRACE
                        + "-b7ad6b7169203331-01')");
    }

    private static String port(ProcessLog log) {
        log.await("Started ResultApplication");
        return log.await("Netty started on port").replaceFirst(".*on port (\\d+).*", "$1");
    }

    private static void awaitTotal(long votes, String port) {
        await().atMost(SOON).until(() -> results(port).contains("\"total\":" + votes + ","));
    }

    private static String results(String port) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/api/results"));
        return HttpClient.newHttpClient()
                .send(request.build(), BodyHandlers.ofString())
                .body();
    }

    private static List<String> warnings(ProcessLog log) {
        return log.lines().stream()
                .filter(line -> line.contains("WARN") && line.contains("voting.result.Tracing"))
                .toList();
    }
}
