package voting.local;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * One running system for all test classes that leave it as they found it: everything started, and no votes. Its logs are
 * in {@code target/end-to-end/shared/logs} afterwards.
 */
final class SharedSystem {

    /** The first of the two compilers alone: tests start services more often than they keep them busy. */
    static final Map<String, String> QUICK_TO_START = Map.of("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1");

    private static LocalSystem system;

    private SharedSystem() {}

    /** Starts it at the first call; it stops with the JVM. */
    static synchronized LocalSystem get() {
        if (system == null) {
            system = LocalSystem.started(settings(emptyDirectory("shared")));
            Runtime.getRuntime().addShutdownHook(new Thread(system::close));
        }
        return system;
    }

    /** Gives it another poll, until the next restart with none of these variables. */
    static void restart(Map<String, String> overrides) {
        var services = List.of(get().vote(), get().result());
        services.forEach(Service::stop);
        services.forEach(service -> service.start(overrides));
        services.forEach(Service::awaitReady);
    }

    static LocalSettings settings(Path data) {
        return LocalSettings.onFreePorts(data, QUICK_TO_START);
    }

    /** What a test leaves there can be looked at until the next run. */
    static Path emptyDirectory(String name) {
        var directory = Build.find().workspace().resolve("end-to-end").resolve(name);
        DataDirectory.delete(directory);
        return directory;
    }
}
