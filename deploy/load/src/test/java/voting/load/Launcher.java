package voting.load;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A system of its own, started as {@code make demo} starts one; its logs are in target/end-to-end afterwards. */
final class Launcher implements AutoCloseable {

    private static final Duration START_TIMEOUT = Duration.ofMinutes(3);

    /** Written by the build of deploy/local: the Java that it used, the class path of the launcher. */
    private static final Path LAUNCH = Path.of("../local/target/launch");

    private final Map<String, String> environment = new HashMap<>();
    private final Path log;
    private final Process process;

    /** @param prefix of the command, as one that gives it another processor; may be empty */
    Launcher(String name, List<String> prefix, Map<String, String> variables) throws IOException {
        var data = Path.of("target/end-to-end", name).toAbsolutePath();
        delete(data);
        Files.createDirectories(data);
        environment.put("DEMO_DATA", data.toString());
        environment.put("LOAD_REPORTS", data.resolve("reports").toString());
        List.of("VOTE_PORT", "RESULT_PORT", "VOTE_MANAGEMENT_PORT", "RESULT_MANAGEMENT_PORT", "WORKER_MANAGEMENT_PORT")
                .forEach(port -> environment.put(port, Integer.toString(freePort())));
        log = data.resolve("launcher.log");
        var launch = Files.readAllLines(LAUNCH);
        var command = new ArrayList<>(prefix);
        command.addAll(List.of(launch.get(0), "-Xmx128m", "-classpath", launch.get(1), "voting.local.Demo"));
        var builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().putAll(environment);
        builder.environment().putAll(variables);
        process = builder.start();
        var file = data.resolve("tmp/system.properties");
        if (!Session.await(START_TIMEOUT, () -> Files.exists(file) || !process.isAlive()) || !process.isAlive()) {
            close();
            throw new IllegalStateException("The system did not start:\n" + log());
        }
    }

    /** What to give to the commands, and these on top. */
    Map<String, String> environment(Map<String, String> more) {
        var all = new HashMap<>(environment);
        all.putAll(more);
        return all;
    }

    /** What it told a person. */
    String log() throws IOException {
        return Files.readString(log);
    }

    Path reports() {
        return Path.of(environment.get("LOAD_REPORTS"));
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(1, TimeUnit.MINUTES)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static int freePort() {
        try (var socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        try (var files = Files.walk(directory)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
