package voting.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import voting.load.LoadSettings.Variables;

/** {@code make viewers}: more of them than one instance of result holds, spread over several that know nothing of each other. */
class ViewersCampaign {

    private static final int INSTANCES = 3;
    private static final int VIEWERS_OF_EACH = 5_000;
    private static final int VIEWERS = INSTANCES * VIEWERS_OF_EACH;
    private static final int SECONDS = 20;

    /** MB, of result in docker-compose.prod.yml. */
    private static final long MEMORY_LIMIT_OF_PRODUCTION = 384;

    /** What a viewer takes for a standstill. */
    private static final double DELIVERY_P99_MILLIS = 1_000;

    private static Launcher launcher;

    @BeforeAll
    static void start() throws IOException {
        launcher = new Launcher("viewers", List.of(), Map.of("RESULT_INSTANCES", Integer.toString(INSTANCES)));
    }

    @AfterAll
    static void stop() {
        launcher.close();
    }

    /** Each vote is an update for everybody. */
    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void everyViewerOfEveryInstanceIsUpToDateWithinASecond(int votesPerSecond) throws Exception {
        var environment = launcher.environment(Map.of(
                "RESULT_URL", instances(),
                "VIEWERS", Integer.toString(VIEWERS),
                "RATE", Integer.toString(votesPerSecond),
                "NEW", "100",
                "CHANGED", "0",
                "PAGES", "0",
                "RESULTS", "0",
                "WARMUP", "10s",
                "DURATION", SECONDS + "s",
                "MAX_LAG", "1s")); // an update counts from when result read it, however late the vote was sent
        var settings = LoadSettings.of(environment);
        var access = Access.find(new Variables(environment), settings.vote());
        try (var session = new Session(settings, access, progress -> {})) {
            var step = session.run(settings);

            assertThat(session.verify()).matches(Verification::passed);
            var delivery = step.delivery();
            System.out.printf(
                    "%d updates/s for %d times %,d viewers: update to viewer p50 %.0f ms, p99 %.0f ms, max %.0f ms, lost %d%n",
                    votesPerSecond,
                    INSTANCES,
                    VIEWERS_OF_EACH,
                    delivery.p50(),
                    delivery.p99(),
                    delivery.max(),
                    step.viewersLost());
            step.services()
                    .forEach((name, use) -> System.out.printf(
                            "  %-10s %5.1f CPU s, %4d MB%n", name, use.cpuSeconds(), use.peakMemoryBytes() >> 20));
            assertThat(Report.flaws(step, settings)).isEmpty();
            // Who is late may also skip updates, and then is not seen to be late. The last one's way is not waited
            // for.
            assertThat(delivery.count())
                    .as("about an update a second for each")
                    .isGreaterThanOrEqualTo(VIEWERS * (SECONDS - 2));
            assertThat(delivery.p99()).isLessThan(DELIVERY_P99_MILLIS);
            step.services().entrySet().stream()
                    .filter(service -> service.getKey().startsWith("result"))
                    .forEach(result -> assertThat(result.getValue().peakMemoryBytes() >> 20)
                            .as("MB of memory of " + result.getKey())
                            .isBetween(1L, MEMORY_LIMIT_OF_PRODUCTION));
        }
    }

    private static String instances() throws IOException {
        var properties = new Properties();
        var data = Path.of(launcher.environment(Map.of()).get("DEMO_DATA"));
        try (var reader = Files.newBufferedReader(data.resolve("tmp/system.properties"))) {
            properties.load(reader);
        }
        return properties.getProperty("results");
    }
}
