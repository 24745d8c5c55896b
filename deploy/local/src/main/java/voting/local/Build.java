package voting.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** What the Maven build left in the working tree. */
record Build(Path root) {

    /** The build of the repository that the working directory is in. */
    static Build find() {
        return Stream.iterate(Path.of("").toAbsolutePath(), Objects::nonNull, Path::getParent)
                .filter(directory -> Files.exists(directory.resolve("mvnw")))
                .findFirst()
                .map(Build::new)
                .orElseThrow(() -> new LaunchException("Start this from inside the repository of the voting app."));
    }

    /** What Java is told to run a service. */
    List<String> program(String service) {
        return List.of("-jar", jar(service).toString());
    }

    /** The newest runnable jar of a service; its libraries are in the directory lib beside it. */
    Path jar(String service) {
        var target = root.resolve(service).resolve("target");
        try (var files = Files.list(target)) {
            return files.filter(file -> file.getFileName().toString().matches(service + "-[0-9.]+.*\\.jar"))
                    .max(Comparator.comparingLong(jar -> jar.toFile().lastModified()))
                    .orElseThrow(() -> missing(service, null));
        } catch (IOException e) {
            throw missing(service, e);
        }
    }

    /** A directory of the launcher that {@code mvn clean} removes and git ignores. */
    Path workspace() {
        var directory = root.resolve("deploy/local/target");
        try {
            return Files.createDirectories(directory);
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot create " + directory, e);
        }
    }

    private static LaunchException missing(String service, IOException cause) {
        return new LaunchException(
                "%s/target has no jar of %s: build it first with ./mvnw -DskipTests package"
                        .formatted(service, service),
                cause);
    }
}
