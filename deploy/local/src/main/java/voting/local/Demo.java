package voting.local;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * {@code make demo}: runs the whole app until Ctrl-C or SIGTERM, and tells a person what happens. With the argument
 * {@code dev} it is {@code make dev}.
 */
final class Demo {

    private static final Duration CHECK = Duration.ofMillis(500);

    private Demo() {}

    public static void main(String[] args) throws InterruptedException {
        try {
            var settings = LocalSettings.of(System.getenv());
            var audience = Audience.size(System.getenv());
            if (List.of(args).equals(List.of("dev"))) {
                var development = new Development(Build.find(), System.getenv());
                run(
                        settings,
                        new LocalSystem(settings, development::program),
                        audience,
                        development::restartWhatHasChanged);
            } else {
                var system = new LocalSystem(settings);
                for (int i = 1; i < results(System.getenv()); i++) {
                    system.addResult();
                }
                run(settings, system, audience, Demo::endWithAnyService);
            }
        } catch (LaunchException e) {
            fail(e);
        }
    }

    /** Looks after the system, now and then, until it is closed. */
    private static void run(LocalSettings settings, LocalSystem system, int audience, Consumer<LocalSystem> look)
            throws InterruptedException {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(system)));
        try {
            system.start(System.out::println);
            System.out.println(welcome(settings, system));
            if (audience > 0) {
                System.out.printf("%d simulated voters are voting.%n", audience);
                new Audience(system.vote().uri(), audience, Audience.HESITATION);
            }
            while (!system.isClosed()) {
                look.accept(system);
                Thread.sleep(CHECK);
            }
        } catch (LaunchException e) {
            // Whoever stops the demo needs no explanation why it ended.
            if (!system.isClosed()) {
                throw e;
            }
        }
    }

    /** Instances of result: one, unless load on several of them is to be measured. */
    private static int results(Map<String, String> environment) {
        var value = environment.getOrDefault("RESULT_INSTANCES", "1");
        if (value.matches("[1-9]")) {
            return Integer.parseInt(value);
        }
        throw new LaunchException(
                "RESULT_INSTANCES must be a number of instances from 1 to 9, not \"%s\".".formatted(value));
    }

    private static void endWithAnyService(LocalSystem system) {
        var ended = system.firstToEnd();
        if (ended.isPresent() && !system.isClosed()) {
            throw ended.get().failure("ended unexpectedly; start the demo again", null);
        }
    }

    /** Exits through the shutdown hook, which stops what runs. */
    private static void fail(LaunchException reason) {
        System.err.println(reason.getMessage());
        System.exit(1);
    }

    private static void stop(LocalSystem system) {
        System.out.println("Stopping ...");
        system.close();
        System.out.println("Stopped.");
    }

    private static String welcome(LocalSettings settings, LocalSystem system) {
        return """

                Vote:    http://localhost:%d
                Results: http://localhost:%d

                %s Logs: %s
                Stop with Ctrl-C or: kill %d
                """.formatted(
                settings.votePort(),
                settings.resultPort(),
                system.data().isTemporary()
                        ? "The votes go when it stops; DEMO_DATA=<directory> make demo keeps them."
                        : "The votes stay in %s.".formatted(system.data().path()),
                system.data().logs(),
                ProcessHandle.current().pid());
    }
}
