package voting.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import voting.load.LoadSettings.Variables;

/**
 * {@code make overload}: more than the system can take, and people who only hold connections. The launcher
 * gives each service the 256 MB of heap that vote has in production.
 *
 * <p>Where there is {@code taskset} and more than one core, the system gets the first one and the generator the second:
 * otherwise a generator that offers ten times as much as the system takes would itself be the reason that it takes less.
 */
class OverloadCampaign {

    /** MB, of docker-compose.prod.yml. */
    private static final Map<String, Long> MEMORY_LIMITS_OF_PRODUCTION =
            Map.of("vote", 512L, "worker", 384L, "result", 384L);

    private static final double ACCEPTED_UNDER_OVERLOAD = 0.8;
    private static final double ANSWER_P99_MILLIS = 1_000;
    /** A gain from one run to the next that is still that of a JVM which warms up. */
    private static final double WARM = 1.1;

    private static final Duration RECOVERY = Duration.ofSeconds(3);

    /** The bounds here are of a second, and who waits for a connection waits for seconds: so late, all is offered as it is said. */
    private static final String MAX_LAG = "1s";

    /** More than it takes, on as many connections as keep it busy: each has its next vote as soon as the last is answered. */
    private static final Map<String, String> SATURATED =
            Map.of("RATE", "40000", "DURATION", "15s", "CONNECTIONS", "64", "PATIENCE", "1s", "MAX_DROPPED", "100");

    private static final boolean SEPARATE_CORES =
            Files.exists(Path.of("/usr/bin/taskset")) && Runtime.getRuntime().availableProcessors() > 1;

    private Launcher launcher;

    @BeforeAll
    static void takeTheSecondCore() throws IOException, InterruptedException {
        if (SEPARATE_CORES) {
            var pid = Long.toString(ProcessHandle.current().pid());
            new ProcessBuilder("taskset", "-acp", "1", pid)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor();
        }
    }

    /** A new system for each: what one test did to its memory is not to be seen in the next. */
    @BeforeEach
    void start() throws Exception {
        var firstCore = SEPARATE_CORES ? List.of("taskset", "-c", "0") : List.<String>of();
        launcher = new Launcher("overload", firstCore, Map.of());
        warmUp();
        reset();
    }

    @AfterEach
    void stop() throws IOException {
        launcher.close();
        assertThat(launcher.log()).as("every service lived").doesNotContain("ended unexpectedly");
    }

    /** Of the generator, too: it may lag. */
    private void warmUp() throws IOException, InterruptedException {
        var settings = settings(SATURATED);
        try (var session = session(settings)) {
            session.run(settings);
        }
    }

    private void reset() throws Exception {
        new Main(launcher.environment(Map.of("FORCE", "1"))).run("reset");
    }

    private LoadSettings settings(Map<String, String> variables) {
        var all = new HashMap<>(Map.of("NEW", "100", "CHANGED", "0", "PAGES", "0", "RESULTS", "0", "WARMUP", "0s"));
        all.put("MAX_LAG", MAX_LAG);
        all.putAll(variables);
        return LoadSettings.of(launcher.environment(all));
    }

    private Access access() {
        return Access.find(
                new Variables(launcher.environment(Map.of())),
                settings(Map.of()).vote());
    }

    private Session session(LoadSettings settings) {
        return new Session(settings, access(), progress -> {});
    }

    /** A run that loses nothing. */
    private Measurement run(String what, Map<String, String> variables) throws IOException, InterruptedException {
        var settings = settings(variables);
        try (var session = session(settings)) {
            var step = run(session, what, settings);
            assertThat(session.verify()).matches(Verification::passed);
            return step;
        }
    }

    /** One to be believed. */
    private static Measurement run(Session session, String what, LoadSettings settings)
            throws IOException, InterruptedException {
        var step = session.run(settings);
        report(what, step);
        assertThat(Report.flaws(step, settings)).as(what).isEmpty();
        return step;
    }

    /** Votes accepted per second at best: its compilers work for a minute on what is used most. */
    private double peak() throws Exception {
        var before = 0.0;
        var now = run("peak", SATURATED).acceptedPerSecond();
        while (now > WARM * before) {
            before = now;
            reset();
            now = run("peak", SATURATED).acceptedPerSecond();
        }
        reset();
        return Math.max(before, now);
    }

    private static void report(String what, Measurement step) {
        var figures = step.figures();
        System.out.printf(
                "%s: offered %,.0f/s, accepted %,.0f/s (p50 %.0f ms, p99 %.0f ms), refused %,d, answered since sent p50 %.0f ms"
                        + " p99 %.0f ms, failed %,d %s, never sent %,d, lag p99 %.0f ms, drained in %.1f s, viewers lost %d,"
                        + " update to viewer p50 %.0f ms p99 %.0f ms, memory %s%n",
                what,
                step.rate(),
                step.acceptedPerSecond(),
                figures.acceptance().p50(),
                figures.acceptance().p99(),
                figures.refusal().count(),
                figures.answer().p50(),
                figures.answer().p99(),
                figures.failed(),
                figures.failures(),
                figures.dropped(),
                figures.lag().p99(),
                step.drainSeconds(),
                step.viewersLost(),
                step.delivery().p50(),
                step.delivery().p99(),
                memory(step));
    }

    private static Map<String, Long> memory(Measurement step) {
        var memory = new TreeMap<String, Long>();
        step.services().forEach((name, use) -> memory.put(name, use.peakMemoryBytes() >> 20));
        return memory;
    }

    private static void assertWithinMemory(Measurement step) {
        MEMORY_LIMITS_OF_PRODUCTION.forEach(
                (service, limit) -> assertThat(memory(step).get(service))
                        .as("MB of memory of " + service)
                        .isBetween(1L, limit));
    }

    /**
     * Whoever has a connection is answered soon, with a refusal where 4,000 are more than can be worked off in time. Whoever
     * finds none waits for one, here in the generator, and gives up.
     */
    @ParameterizedTest
    @ValueSource(ints = {2, 5, 10})
    void ofMoreThanItCanTakeItAcceptsAsMuchAsBeforeAndAnswersTheRest(int times) throws Exception {
        var peak = peak();
        var overload = settings(Map.of(
                "RATE",
                Double.toString(times * peak),
                "DURATION",
                "20s",
                "CONNECTIONS",
                "4000",
                "PATIENCE",
                "5s",
                "MAX_DROPPED",
                "100"));
        try (var session = session(overload)) {
            var step = run(session, times + " times", overload);
            assertThat(step.acceptedPerSecond()).isGreaterThan(ACCEPTED_UNDER_OVERLOAD * peak);
            assertThat(step.figures().dropped()).as("more than it can take").isPositive();
            assertThat(step.figures().answer().p99()).isLessThan(ANSWER_P99_MILLIS);
            assertThat(step.figures().failed()).isZero();
            assertWithinMemory(step);

            Session.pause(RECOVERY.toMillis());
            var quarter = Map.of("RATE", Double.toString(peak / 4), "DURATION", "5s");
            assertEverybodyVoted(run(session, "after " + times + " times", settings(quarter)));

            // By now the system is warmer than it was before, and the peak may be higher.
            var warmPeak = run(session, "peak afterwards", settings(SATURATED)).acceptedPerSecond();
            assertThat(step.acceptedPerSecond()).isGreaterThan(ACCEPTED_UNDER_OVERLOAD * warmPeak);
            assertThat(session.verify()).matches(Verification::passed);
        }
    }

    private static void assertEverybodyVoted(Measurement step) {
        assertThat(step.figures().failed()
                        + step.figures().refusal().count()
                        + step.figures().dropped())
                .isZero();
        assertThat(step.figures().acceptance().p99()).isLessThan(ANSWER_P99_MILLIS);
    }

    @Test
    void thousandClientsThatSendAByteASecondStopNobody() throws Exception {
        var request = new Workload(
                        new Mix(100, 0, 0, 0),
                        settings(Map.of()).vote(),
                        settings(Map.of()).vote(),
                        List.of("cats"),
                        99)
                .next(0)
                .bytes();
        try (var crowd = Crowd.aByteASecond(settings(Map.of()).vote(), 1_000, request)) {
            assertThat(Session.await(Duration.ofSeconds(30), () -> crowd.standing() >= 1_000))
                    .isTrue();

            assertOthersVote("beside slow clients", crowd);
        }
    }

    @Test
    void tenThousandIdleConnectionsStopNobody() throws Exception {
        try (var crowd = Crowd.idle(settings(Map.of()).vote(), 10_000)) {
            assertThat(Session.await(Duration.ofSeconds(60), () -> crowd.standing() >= 10_000))
                    .isTrue();

            assertOthersVote("beside idle connections", crowd);
        }
    }

    private void assertOthersVote(String what, Crowd crowd) throws Exception {
        var step = run(what, Map.of("RATE", "200", "DURATION", "20s"));

        System.out.printf("%s: %,d stand, %,d were opened%n", what, crowd.standing(), crowd.opened());
        assertEverybodyVoted(step);
        assertWithinMemory(step);
    }

    @Test
    void viewersThatDoNotReadDelayNobody() throws Exception {
        var reading = Map.of("RATE", "500", "DURATION", "20s", "WARMUP", "10s", "VIEWERS", "9000");
        var among = new HashMap<>(reading);
        among.putAll(Map.of("VIEWERS", "10000", "SILENT_VIEWERS", "1000", "DURATION", "60s"));

        var alone = run("9,000 viewers", reading);
        var together = run("9,000 viewers and 1,000 that do not read", among);

        assertWithinMemory(together);
        // A tenth more viewers; pushes are paced by their number.
        assertThat(together.delivery().p99()).isLessThan(1.5 * alone.delivery().p99() + 100);
        // Who is late may also skip an update, and then is not seen to be late.
        assertThat(updatesPerSecond(together)).isGreaterThan(updatesPerSecond(alone) / 2);
    }

    private static double updatesPerSecond(Measurement step) {
        return step.delivery().count() / step.seconds();
    }
}
