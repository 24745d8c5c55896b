package voting.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import voting.load.LoadSettings.Variables;

/** Short runs against a whole system. */
class LoadIT {

    /** Short, and without a bound on the generator's lag: the machine of a test run does other things too. */
    private static final Map<String, String> SHORT =
            Map.of("RATE", "200", "DURATION", "4s", "WARMUP", "2s", "VIEWERS", "20", "MAX_LAG", "5s", "SEED", "42");

    /** For what does not depend on how much was measured. */
    private static final Map<String, String> SHORTEST = new HashMap<>(SHORT);

    static {
        SHORTEST.putAll(Map.of("DURATION", "1s", "WARMUP", "1s"));
    }

    private static Launcher launcher;

    @BeforeAll
    static void start() throws IOException {
        launcher = new Launcher("load", List.of(), Map.of("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1"));
    }

    @AfterAll
    static void stop() {
        launcher.close();
    }

    @BeforeEach
    void empty() throws Exception {
        command("reset", Map.of("FORCE", "1"));
    }

    private static int command(String command, Map<String, String> variables) throws Exception {
        return new Main(launcher.environment(variables)).run(command);
    }

    private static LoadSettings settings() {
        return LoadSettings.of(launcher.environment(SHORTEST));
    }

    private static Access access() {
        return Access.find(
                new Variables(launcher.environment(SHORT)), settings().vote());
    }

    private static Database database() {
        return new Database(access().postgres().orElseThrow());
    }

    private static Report newestReport() throws IOException {
        try (var files = Files.list(launcher.reports())) {
            var newest = files.filter(file -> file.toString().endsWith(".json"))
                    .max(Comparator.naturalOrder())
                    .orElseThrow();
            return Report.read("A", newest.toString());
        }
    }

    private static long count(String table) {
        try (var database = database()) {
            return database.number("select count(*) from " + table);
        }
    }

    private static void voteByHand() throws Exception {
        try (var http = HttpClient.newHttpClient()) {
            var vote = HttpRequest.newBuilder(settings().vote().uri("/"))
                    .header("Content-Type", "application/x-www-form-urlencoded")
                    .POST(BodyPublishers.ofString("vote=cats"))
                    .build();
            assertThat(http.send(vote, BodyHandlers.discarding()).statusCode()).isEqualTo(303);
        }
        assertThat(Session.await(Duration.ofSeconds(10), () -> count("ballot") == 1))
                .isTrue();
    }

    @Test
    void runIsMeasuredVerifiedAndReported() throws Exception {
        assertThat(command("load", SHORT)).isZero();

        var report = newestReport();
        var step = report.steps().getFirst();
        assertThat(report.invalid()).isEmpty();
        assertThat(report.verification().complete()).isTrue();
        assertThat(report.verification().verdict().ballots()).isEqualTo(count("ballot"));
        assertThat(step.figures().requests()).isEqualTo(800);
        assertThat(step.figures().acceptance().count()).isBetween(650L, 790L);
        assertThat(step.visible().count())
                .isEqualTo(step.figures()
                        .kinds()
                        .get(Request.Kind.NEW_VOTE)
                        .succeeded()
                        .count());
        assertThat(step.visibleSinceIntended().p50())
                .isGreaterThan(step.visible().p50());
        assertThat(step.stored().count()).isGreaterThan(50);
        assertThat(step.delivery().count()).isGreaterThan(20);
        assertThat(step.viewersLost()).isZero();
        assertThat(step.services().keySet())
                .containsExactlyInAnyOrder("generator", "vote", "worker", "result", "redis", "postgres");
        assertThat(step.services().values())
                .allMatch(use -> use.peakMemoryBytes() > 1_000_000)
                .anyMatch(use -> use.cpuSeconds() > 0);
        assertThat(report.environment().facts().get("postgres")).contains("fsync on, synchronous_commit on");
        assertThat(report.environment().facts().get("redis")).contains("appendfsync always");
    }

    @Test
    void curveGoesThroughItsRatesAndIsVerifiedAsAWhole() throws Exception {
        var variables = new HashMap<>(SHORT);
        variables.putAll(Map.of("RATES", "200,100", "REPEAT", "2", "DURATION", "2s", "WARMUP", "1s"));

        assertThat(command("curve", variables)).isZero();

        var report = newestReport();
        // A busy machine may miss the objective at the first rate, and then that is the last one.
        var onlyOne = !Curve.isWithinObjective(report.steps().subList(0, 2));
        assertThat(report.steps())
                .extracting(Measurement::rate)
                .isEqualTo(onlyOne ? List.of(100.0, 100.0) : List.of(100.0, 100.0, 200.0, 200.0));
        assertThat(report.verification().verdict().ballots()).isEqualTo(count("ballot"));
    }

    @Test
    void ballotThatDisappearsFailsTheVerification() throws Exception {
        try (var session = new Session(settings(), access(), progress -> {})) {
            session.run(settings());
            try (var database = database()) {
                database.execute("delete from ballot where id in (select id from ballot limit 1)");
            }

            var verification = session.verify();

            assertThat(verification.passed()).isFalse();
            assertThat(verification.verdict().lost()).isEqualTo(1);
        }
    }

    @Test
    void runWhoseMarkersLostPostgresIsNotToBeBelieved() throws Exception {
        var settings = LoadSettings.of(launcher.environment(SHORT));
        try (var database = database();
                var session = new Session(settings, access(), progress -> endSessionOfMarkers(database))) {
            var step = session.run(settings);

            assertThat(Report.flaws(step, settings))
                    .singleElement()
                    .asString()
                    .startsWith("the markers broke off: Postgres failed");
            assertThat(session.verify().passed()).isTrue();
        }
    }

    private static void endSessionOfMarkers(Database database) {
        database.text("select count(pg_terminate_backend(pid)) from pg_stat_activity"
                + " where query like 'select id from ballot where id = any%'");
    }

    @Test
    void withoutAccessTheTotalsAreVerified() throws Exception {
        try (var session = new Session(settings(), Access.NONE, progress -> {})) {
            var step = session.run(settings());

            var verification = session.verify();

            assertThat(verification.passed()).isTrue();
            assertThat(verification.complete()).isFalse();
            assertThat(step.visible().count()).isGreaterThan(0);
            assertThat(step.services()).containsOnlyKeys("generator");

            try (var database = database()) {
                database.executeAll(List.of("update tally set votes = votes + 10000", "notify tally"));
            }
            assertThat(Session.await(
                            Duration.ofSeconds(10), () -> !session.verify().passed()))
                    .isTrue();
        }
    }

    @Test
    void ballotsThatWereThereMustStay() throws Exception {
        command("reset", Map.of("SEED_VOTES", "1000"));
        try (var session = new Session(settings(), access(), progress -> {})) {
            assertThat(session.verify().passed()).isTrue();
            try (var database = database()) {
                database.execute("update ballot set choice = 'cats' where choice = 'dogs'");
            }

            assertThat(session.verify().verdict().phantom()).isEqualTo(500);
        }
    }

    @Test
    void resetGivesTheSameBallotsEachTime() throws Exception {
        var fingerprint = "select md5(string_agg(id || choice, ',' order by id)) from ballot";
        command("reset", Map.of("SEED_VOTES", "2000"));
        try (var database = database()) {
            var first = database.text(fingerprint);
            assertThat(database.votesByOption()).isEqualTo(Map.of("cats", 1000L, "dogs", 1000L));

            assertThat(command("load", SHORTEST)).isZero();
            command("reset", Map.of("SEED_VOTES", "2000")); // ours, so without FORCE

            assertThat(database.text(fingerprint)).isEqualTo(first);
            assertThat(database.text("select min(uuid_extract_version(id)) from ballot"))
                    .isEqualTo("4");
        }
    }

    @Test
    void resetSparesVotesOfPeople() throws Exception {
        voteByHand();

        assertThatThrownBy(() -> command("reset", Map.of()))
                .isInstanceOf(LoadException.class)
                .hasMessageContaining("FORCE=1");
        assertThat(count("ballot")).isEqualTo(1);
    }

    @Test
    void votesOfPeopleAmongThoseOfARunAreSparedToo() throws Exception {
        voteByHand();
        try (var session = new Session(settings(), access(), progress -> {})) {
            session.run(settings());
            assertThat(session.verify().passed()).isTrue();
        }

        assertThatThrownBy(() -> command("reset", Map.of())).isInstanceOf(LoadException.class);
    }

    @Test
    void countingGoesOnAfterAReset() throws Exception {
        assertThat(command("load", SHORTEST)).isZero();
        command("reset", Map.of());

        voteByHand();
    }

    @Test
    void wrongAddressIsToldInOneSentence() {
        assertThatThrownBy(() -> command(
                        "load",
                        Map.of("VOTE_URL", URI.create("http://localhost:1").toString())))
                .isInstanceOf(LoadException.class)
                .hasMessageContaining("is the system running?");
    }
}
