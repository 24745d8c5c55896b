package voting.local;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;

/** The log files of the components, for the console. */
final class Log {

    private static final int LINES = 20;

    private Log() {}

    /** The last lines, each marked with the name of who wrote it. */
    static String end(String name, Path log) {
        try {
            // Not readAllLines: a native program may write bytes that are not UTF-8.
            var lines = new String(Files.readAllBytes(log), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
            return lines.subList(Math.max(0, lines.size() - LINES), lines.size()).stream()
                    .map(line -> "[%s] %s".formatted(name, line))
                    .collect(Collectors.joining(System.lineSeparator()));
        } catch (IOException ignored) {
            return "[%s] (no log)".formatted(name);
        }
    }
}
