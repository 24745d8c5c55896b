package voting.result;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Prometheus is told who watches, and how long the way from Postgres to the screens took. */
class MetricsTest {

    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final TestPostgres postgres = TestPostgres.shared();
    private final ResultServer server = ResultServer.cleared();

    @Test
    void whatIsExposedIsWhatTheTableSays() throws IOException {
        server.get("/");

        MetricsTable.assertDescribes(scrape(), "result");
    }

    @Test
    void aCommitThatIsPushedIsTimedUntilTheViewersConnectionHasIt() {
        try (var viewer = Viewer.watching(server)) {
            viewer.await(PATIENCE, event -> event.isTallyOf(0));
            Awaitility.await().until(() -> value("result_viewers") >= 1);
            var commits = value("tally_counted_to_pushed_seconds_count");
            var pushes = value("tally_pushes_total");
            var taken = value("tally_push_delay_seconds_count");

            postgres.count(0, Map.of("cats", 1L));
            viewer.await(PATIENCE, event -> event.isTallyOf(1));

            Awaitility.await().until(() -> value("tally_counted_to_pushed_seconds_count") == commits + 1);
            assertThat(value("tally_pushes_total")).isEqualTo(pushes + 1);
            Awaitility.await().until(() -> value("tally_push_delay_seconds_count") >= taken + 1);
        }
    }

    @Test
    void howLongAViewerStaysIsNoResponseTime() {
        server.get("/");
        try (var viewer = Viewer.watching(server)) {
            viewer.await(PATIENCE, event -> event.isTallyOf(0));
        }
        Awaitility.await().until(() -> value("result_viewers") == 0);

        assertThat(scrape())
                .contains("http_server_requests_seconds_count", "uri=\"/\"")
                .doesNotContain("uri=\"/events\"");
    }

    /** Old workers tell no time; whoever else may notify is not trusted with one. */
    @Test
    void notificationWithoutATimeIsNoMeasurement() {
        var commits = value("tally_counted_to_pushed_seconds_count");
        for (var notification : new String[] {"notify tally", "notify tally, 'soon'", "notify tally, '-1'"}) {
            var read = value("tally_read_timestamp_seconds");
            postgres.execute("worker", notification);
            Awaitility.await().until(() -> value("tally_read_timestamp_seconds") > read);
        }

        postgres.count(0, Map.of("cats", 1L));

        Awaitility.await().until(() -> value("tally_counted_to_pushed_seconds_count") == commits + 1);
    }

    @Test
    void timeOfTheLastReadIsSecondsSinceTheEpoch() {
        assertThat(Instant.ofEpochMilli((long) (1_000 * value("tally_read_timestamp_seconds"))))
                .isBetween(Instant.now().minusSeconds(60), Instant.now());
    }

    private double value(String name) {
        return scrape().lines()
                .filter(line -> line.startsWith(name + " "))
                .map(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .findFirst()
                .orElseThrow();
    }

    private String scrape() {
        return server.management("/actuator/prometheus").body();
    }
}
