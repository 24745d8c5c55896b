package voting.chaos;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/** {@code make chaos}: one campaign, its report, and an exit code that says whether the promise was kept. */
final class Chaos {

    static final int FAULTS_PER_MINUTE = 75;

    private static final Path OUTPUT = Path.of("deploy", "chaos", "target");

    /** The first of the two compilers alone: services are started more often than they are kept busy. */
    static final Map<String, String> VARIABLES =
            Map.of("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1", "POLL_OPTIONS", Campaign.POLL_OPTIONS);

    private Chaos() {}

    /** The argument {@code docker} chooses the stack of docker-compose.yml instead of the launcher. */
    public static void main(String[] args) throws Exception {
        var seed = number("CHAOS_SEED", ThreadLocalRandom.current().nextInt(1_000_000));
        var minutes = Math.toIntExact(number("CHAOS_MINUTES", 3));
        System.out.printf("CHAOS_SEED=%d CHAOS_MINUTES=%d repeats the faults of this campaign.%n", seed, minutes);
        var stage = stage(List.of(args).contains("docker"));
        // Also after Ctrl-C: nothing that was started or mounted is left.
        Runtime.getRuntime().addShutdownHook(new Thread(stage::close));
        var schedule = Schedule.of(seed, minutes * FAULTS_PER_MINUTE, Duration.ofMinutes(minutes), stage::offers);
        var report = new Campaign(stage, seed, schedule).run();
        report.writeTo(OUTPUT);
        System.out.println(report.text());
        System.exit(report.passed() ? 0 : 1);
    }

    private static Stage stage(boolean docker) {
        var directory = OUTPUT.resolve("campaign");
        return docker ? new DockerStage(directory) : new LocalStage(directory, VARIABLES);
    }

    private static long number(String variable, long otherwise) {
        var value = System.getenv().getOrDefault(variable, "");
        if (value.isBlank()) {
            return otherwise;
        }
        try {
            return Long.parseLong(value);
        } catch (NumberFormatException e) {
            System.err.println(variable + " must be a whole number, not \"" + value + "\".");
            System.exit(2);
            throw e;
        }
    }
}
