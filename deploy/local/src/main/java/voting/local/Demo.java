package voting.local;

import java.time.Duration;

/** {@code make demo}: runs the whole app until Ctrl-C or SIGTERM, and tells a person what happens. */
final class Demo {

    private static final Duration CHECK = Duration.ofMillis(500);

    private Demo() {}

    public static void main(String[] args) throws InterruptedException {
        try {
            run(LocalSettings.of(System.getenv()), Audience.size(System.getenv()));
        } catch (LaunchException e) {
            fail(e);
        }
    }

    private static void run(LocalSettings settings, int audience) throws InterruptedException {
        var system = new LocalSystem(settings);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(system)));
        try {
            system.start(System.out::println);
            System.out.println(welcome(settings, system));
            if (audience > 0) {
                System.out.printf("%d simulated voters are voting.%n", audience);
                new Audience(system.vote().uri(), audience, Audience.HESITATION);
            }
            watch(system);
        } catch (LaunchException e) {
            // Whoever stops the demo needs no explanation why it ended.
            if (!system.isClosed()) {
                throw e;
            }
        }
    }

    private static void watch(LocalSystem system) throws InterruptedException {
        while (!system.isClosed()) {
            var ended = system.firstToEnd();
            if (ended.isPresent() && !system.isClosed()) {
                throw ended.get().failure("ended unexpectedly; start the demo again", null);
            }
            Thread.sleep(CHECK);
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
