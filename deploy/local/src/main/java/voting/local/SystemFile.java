package voting.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.util.Properties;
import java.util.stream.Collectors;

/**
 * Says where everything of a running system is, for tools of the same machine: {@code tmp/system.properties} in its
 * directory, written when all is ready and gone when it stops.
 */
final class SystemFile {

    private SystemFile() {}

    static void write(LocalSystem system) {
        var properties = new Properties();
        properties.setProperty("vote", system.vote().uri().toString());
        properties.setProperty("result", system.result().uri().toString());
        properties.setProperty(
                "results",
                system.results().stream().map(result -> result.uri().toString()).collect(Collectors.joining(",")));
        properties.setProperty("postgres", system.postgres().jdbcUrl());
        properties.setProperty("redis", "redis://127.0.0.1:" + system.redis().port());
        addProcess(properties, system.vote());
        addProcess(properties, system.worker());
        system.results().forEach(result -> addProcess(properties, result));
        addProcess(properties, system.redis());
        addProcess(properties, system.postgres());
        var directory = system.data().scratch();
        try {
            // Complete or not there: a reader may be waiting for it.
            var part = directory.resolve("system.properties.part");
            try (var writer = Files.newBufferedWriter(part)) {
                properties.store(writer, null);
            }
            Files.move(part, directory.resolve("system.properties"), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot write to " + directory, e);
        }
    }

    private static void addProcess(Properties properties, Component component) {
        properties.setProperty(
                "process." + component.name(), Long.toString(component.process().pid()));
    }
}
