package voting.local;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarFile;

/**
 * {@code make dev}: each service runs what an IDE or {@code ./mvnw compile} leaves in its {@code target/classes}, starts
 * again when that has changed, and lets a debugger attach. Whatever is wrong with it, the others go on.
 */
final class Development {

    private final Build build;
    private final Map<String, Integer> debugPorts;
    private final Map<Service, Long> running = new HashMap<>();
    private final Map<Service, Long> seen = new HashMap<>();

    Development(Build build, Map<String, String> environment) {
        this.build = build;
        this.debugPorts = Map.of(
                "vote", LocalSettings.port(environment, "VOTE_DEBUG_PORT", 5005),
                "result", LocalSettings.port(environment, "RESULT_DEBUG_PORT", 5006),
                "worker", LocalSettings.port(environment, "WORKER_DEBUG_PORT", 5007));
    }

    int debugPort(String service) {
        return debugPorts.get(service);
    }

    /** As {@link Build#program}, but the classes go before those in the jar, whose libraries they need. */
    List<String> program(String service) {
        var jar = build.jar(service);
        return List.of(
                "-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,quiet=y,address=127.0.0.1:" + debugPort(service),
                "-classpath",
                classes(service) + File.pathSeparator + jar,
                mainClass(jar));
    }

    /** To be called now and then. A change is complete when the next look finds it as it was. */
    void restartWhatHasChanged(LocalSystem system) {
        for (var service : List.of(system.vote(), system.worker(), system.result())) {
            var now = fingerprint(classes(service.name()));
            var before = running.putIfAbsent(service, now);
            var isComplete = now.equals(seen.put(service, now));
            if (before != null && isComplete && !now.equals(before)) {
                running.put(service, now);
                restart(service);
            }
        }
    }

    private static void restart(Service service) {
        System.out.printf("%s has changed: starting it again ...%n", service.name());
        try {
            service.stop();
            service.start();
            service.awaitReady();
            System.out.printf("%s is ready.%n", service.name());
        } catch (LaunchException e) {
            System.err.println(e.getMessage());
            System.err.println("Waiting for its next change.");
        }
    }

    private static String mainClass(Path jar) {
        try (var file = new JarFile(jar.toFile())) {
            return file.getManifest().getMainAttributes().getValue(Attributes.Name.MAIN_CLASS);
        } catch (IOException e) {
            throw new LaunchException("Cannot read " + jar, e);
        }
    }

    private Path classes(String service) {
        return build.root().resolve(service).resolve("target/classes");
    }

    /** Another one when a file has come, gone or changed. */
    private static Long fingerprint(Path directory) {
        try (var files = Files.walk(directory)) {
            return files.filter(Files::isRegularFile)
                    .mapToLong(file -> 31 * file.hashCode() + file.toFile().lastModified())
                    .sum();
        } catch (IOException | UncheckedIOException e) {
            return 0L; // the compiler is removing it
        }
    }
}
