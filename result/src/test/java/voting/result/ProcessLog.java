package voting.result;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.awaitility.Awaitility;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** All that a process of the service says, from its first line to its last. */
final class ProcessLog implements AutoCloseable {

    /** The variable that makes the log of production. */
    static final Map<String, String> JSON = Map.of("LOGGING_STRUCTURED_FORMAT_CONSOLE", "ecs");

    /** Of a machine that has better things to do. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** A longer line would be cut in two by Docker. */
    private static final int LONGEST_LINE = 16 * 1024;

    private final Process process;
    private final Queue<String> lines = new ConcurrentLinkedQueue<>();
    private final Thread reader;

    private ProcessLog(Process process) {
        this.process = process;
        this.reader = Thread.startVirtualThread(
                () -> process.inputReader(UTF_8).lines().forEach(lines::add));
    }

    /** Starts the service with these variables and nothing else in its environment. */
    @SafeVarargs
    static ProcessLog of(Map<String, String>... variables) throws IOException {
        var builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "--enable-native-access=ALL-UNNAMED", // for Netty, as in the image
                        "-cp",
                        System.getProperty("java.class.path"),
                        ResultApplication.class.getName())
                .redirectErrorStream(true);
        builder.environment().clear();
        builder.environment()
                .putAll(Map.of(
                        "HOSTNAME", "replica-1",
                        "SERVER_PORT", "0",
                        "MANAGEMENT_SERVER_PORT", "0",
                        "POSTGRES_HOST", "127.0.0.1",
                        "POSTGRES_PORT", String.valueOf(TestPostgres.shared().port()),
                        "POSTGRES_PASSWORD", TestPostgres.PASSWORD));
        for (var some : variables) {
            builder.environment().putAll(some);
        }
        return new ProcessLog(builder.start());
    }

    /** The first line that says this, as soon as there is one. */
    String await(String part) {
        return await(this::lines, line -> line.contains(part));
    }

    /** The first such object, as soon as there is one. */
    JsonNode awaitObject(Predicate<JsonNode> wanted) {
        return await(this::objects, wanted);
    }

    private static <T> T await(Supplier<List<T>> said, Predicate<T> wanted) {
        Awaitility.await()
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(said.get()).anyMatch(wanted));
        return said.get().stream().filter(wanted).findFirst().orElseThrow();
    }

    List<String> lines() {
        return List.copyOf(lines);
    }

    /** The lines so far, each of which must be an object that says when, how serious, who and what. */
    List<JsonNode> objects() {
        return lines.stream().map(ProcessLog::object).toList();
    }

    private static JsonNode object(String line) {
        assertThat(line).startsWith("{").hasSizeLessThan(LONGEST_LINE);
        var object = new JsonMapper().readTree(line);
        assertThat(Instant.parse(object.at("/@timestamp").asString())).isAfter(Instant.EPOCH);
        assertThat(object.at("/log/level").asString()).matches("DEBUG|INFO|WARN|ERROR");
        assertThat(object.at("/service/name").asString()).isEqualTo("result");
        assertThat(object.at("/service/node/name").asString()).isEqualTo("replica-1");
        assertThat(object.at("/message").asString()).isNotEmpty();
        return object;
    }

    /** Ends the process as Docker does, and returns how long that took. */
    Duration stop() throws InterruptedException {
        var start = System.nanoTime();
        process.toHandle().destroy(); // unlike its own, this leaves its last lines to be read
        awaitEnd();
        return Duration.ofNanos(System.nanoTime() - start);
    }

    int awaitEnd() throws InterruptedException {
        assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        reader.join();
        return process.exitValue();
    }

    @Override
    public void close() {
        process.toHandle().destroyForcibly();
    }
}
