package voting.result;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.api.OpenTelemetry;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import tools.jackson.databind.json.JsonMapper;

/** While Postgres is away the last tally stays, everybody is told since when, and all continues by itself. */
@ExtendWith(OutputCaptureExtension.class)
class OutageTest {

    private static final Duration WITHOUT_POLLING = Duration.ofMillis(1_500);

    /** A stop is noticed at once. */
    private static final Duration NOTICE = Duration.ofSeconds(2);

    /** Silence is noticed by the next regular read, two seconds later, and its timeout of three. */
    private static final Duration NOTICE_OF_SILENCE = Duration.ofSeconds(7);

    /** The longest back-off is three seconds with its jitter. */
    private static final Duration RECOVERY = Duration.ofSeconds(5);

    private final TestPostgres postgres = TestPostgres.shared();

    @Test
    void viewersKeepTheLastTallyAreToldAndGoOn() {
        var server = ResultServer.cleared();
        try (var viewer = Viewer.watching(server)) {
            postgres.count(0, Map.of("cats", 2L));
            var last = viewer.await(NOTICE, event -> event.isTallyOf(2));
            var stopped = Instant.now();

            postgres.stop();
            try {
                var outage = viewer.await(NOTICE, event -> event.name().equals("outage"));

                assertThat(outage.data().propertyNames()).containsExactlyInAnyOrder("since", "asOf");
                assertThat(Instant.parse(outage.data().get("since").asString()))
                        .isBetween(stopped.minusSeconds(1), Instant.now());
                assertThat(Instant.parse(outage.data().get("asOf").asString()))
                        .isBetween(Instant.parse(last.data().get("asOf").asString()), Instant.now());
                assertThat(server.readiness()).isEqualTo(503);
                assertThat(server.management("/actuator/health/liveness").statusCode())
                        .isEqualTo(200);
                assertThat(server.get("/api/results").statusCode()).isEqualTo(200);
                assertThat(server.total()).isEqualTo(2);
                assertThat(server.get("/").statusCode()).isEqualTo(200);
                assertThat(server.get("/").body())
                        .containsPattern(
                                "Results as of \\d\\d:\\d\\d:\\d\\d UTC, database unreachable since \\d\\d:\\d\\d UTC")
                        .contains("data-state=\"outage\"")
                        .contains("<span class=\"count\">2</span>");
                assertThat(server.get("/", "Accept-Language", "fr").body())
                        .contains("base de données injoignable depuis");
                try (var late = Viewer.watching(server)) {
                    late.await(NOTICE, event -> event.name().equals("outage"));
                    assertThat(late.events())
                            .extracting(Viewer.Event::name)
                            .containsExactly("tally", "activity", "outage");
                    assertThat(late.events().getFirst().isTallyOf(2)).isTrue();
                }
            } finally {
                postgres.start();
            }

            await().atMost(RECOVERY).until(() -> viewer.lastState().isTallyOf(2));
            assertThat(viewer.events("outage")).hasSize(1);
            assertThat(server.readiness()).isEqualTo(200);
            postgres.count(0, Map.of("dogs", 1L));
            viewer.await(WITHOUT_POLLING, event -> event.isTallyOf(3));
            assertThat(viewer.isConnected()).isTrue();
            assertThat(server.get("/").body()).doesNotContain("data-state=\"outage\"");
        }
    }

    @Test
    void lostConnectionIsReplacedAndListensAgain() {
        var server = ResultServer.cleared();
        try (var viewer = Viewer.watching(server)) {
            viewer.await(NOTICE, event -> event.isTallyOf(0));

            postgres.execute("postgres", "alter role result nologin"); // an outage that is over at once is not told
            try {
                postgres.execute(
                        "postgres", "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'result'");
                viewer.await(NOTICE, event -> event.name().equals("outage"));
            } finally {
                postgres.execute("postgres", "alter role result login");
            }
            await().atMost(RECOVERY).until(() -> viewer.lastState().isTallyOf(0));
            for (int total = 1; total <= 3; total++) {
                postgres.count(0, Map.of("cats", 1L));
                var expected = total;
                viewer.await(WITHOUT_POLLING, event -> event.isTallyOf(expected));
            }
            assertThat(viewer.isConnected()).isTrue();
        }
    }

    @Test
    void silenceOfPostgresIsAnOutageToo(CapturedOutput output) {
        try (var link = new FaultyLink(postgres.port());
                var server = ResultServer.start(Map.of("POSTGRES_PORT", String.valueOf(link.port())))) {
            await().until(() -> server.readiness() == 200);
            try (var viewer = Viewer.watching(server)) {
                viewer.await(NOTICE, event -> event.name().equals("tally"));

                link.swallowEverything();

                viewer.await(NOTICE_OF_SILENCE, event -> event.name().equals("outage"));
                var total = server.total();
                postgres.count(0, Map.of("cats", 1L));
                link.heal();
                await().atMost(RECOVERY).until(() -> viewer.lastState().isTallyOf(total + 1));
                await().untilAsserted(() -> assertThat(slowestPush(server)).isGreaterThan(3_000));
                assertThat(server.readiness()).isEqualTo(200);
            }
        }
        // What comes back first is a server of another test.
        assertThat(output.getOut()
                        .lines()
                        .filter(line -> line.contains("TallyWatcher"))
                        .dropWhile(line -> line.contains("can be read again")))
                .satisfiesExactly(
                        line -> assertThat(line)
                                .contains("WARN")
                                .contains("Postgres cannot be read")
                                .contains("Will keep trying."),
                        line -> assertThat(line).contains("INFO").contains("Postgres can be read again, after PT"));
    }

    @Test
    void beforeTheFirstReadThereIsNothingToShowAndThatIsSaid() {
        try (var server = ResultServer.start(Map.of("POSTGRES_PORT", String.valueOf(TestPostgres.freePort())));
                var viewer = Viewer.watching(server)) {
            var results = server.get("/api/results", "Accept-Language", "fr");
            assertThat(results.statusCode()).isEqualTo(503);
            assertThat(results.headers().firstValue("Retry-After")).hasValue("2");
            assertThat(results.headers().firstValue("Content-Type")).hasValue("application/problem+json");
            assertThat(new JsonMapper().readTree(results.body()).get("title").asString())
                    .isEqualTo("Pas encore de résultats");

            assertThat(server.get("/api/results.csv").statusCode()).isEqualTo(503);

            var outage = viewer.await(NOTICE, event -> event.name().equals("outage"));
            assertThat(outage.data().propertyNames()).containsExactly("since");
            assertThat(viewer.events()).hasSize(1);

            var page = server.get("/");
            assertThat(page.statusCode()).isEqualTo(200);
            assertThat(page.body())
                    .containsPattern("No result read yet, database unreachable since \\d\\d:\\d\\d UTC")
                    .contains("<span class=\"count\">–</span>", "<span id=\"total\">–</span>");
            assertThat(server.readiness()).isEqualTo(503);
        }
    }

    @Test
    void theTallyIsReadBeforeTheFirstRequestIsTaken() {
        var context = ResultServer.cleared().context();
        var watcher = new TallyWatcher(
                context.getBean(ResultSettings.class),
                new JsonMapper(),
                new SimpleMeterRegistry(),
                OpenTelemetry.noop());

        watcher.start();

        assertThat(watcher.current().tally()).isNotNull();
        assertThat(watcher.getPhase()).isLessThan(WebServerApplicationContext.START_STOP_LIFECYCLE_PHASE);
        watcher.stop();
    }

    /** To the driver, a primary whose transactions are read-only is none. */
    @Test
    void standbyIsAnOutageUntilItIsPromoted() {
        postgres.execute("postgres", "alter role result set default_transaction_read_only = on");
        try (var server = ResultServer.start(Map.of())) {
            await().atMost(RECOVERY).until(() -> server.readiness() == 503);
            assertThat(server.management("/actuator/health/readiness").body())
                    .contains("POSTGRES_HOST names no primary");

            postgres.execute("postgres", "alter role result reset default_transaction_read_only");
            await().atMost(RECOVERY).until(() -> server.readiness() == 200);
        } finally {
            postgres.execute("postgres", "alter role result reset default_transaction_read_only");
        }
    }

    @Test
    void wrongPasswordIsAnOutage() {
        try (var server = ResultServer.start(Map.of("POSTGRES_PASSWORD", "guessed"))) {
            await().atMost(NOTICE).until(() -> server.readiness() == 503);
            assertThat(server.get("/api/results").statusCode()).isEqualTo(503);
        }
    }

    private static double slowestPush(ResultServer server) {
        var metrics = server.context().getBean(MeterRegistry.class);
        return metrics.get("tally.counted.to.pushed").timer().max(TimeUnit.MILLISECONDS);
    }
}
