package voting.vote;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.springframework.util.FileSystemUtils;
import redis.clients.jedis.Jedis;
import redis.embedded.RedisServer;
import redis.embedded.core.ExecutableProvider;

/** A real Redis with the settings of production, one for all tests of the JVM. */
final class TestRedis {

    static final int STREAMS = 4;

    private static TestRedis shared;

    static {
        // Conditions hold within milliseconds: by default every wait takes a tenth of a second at least.
        Awaitility.setDefaultPollDelay(Duration.ZERO);
        Awaitility.setDefaultPollInterval(Duration.ofMillis(10));
    }

    private final Path directory;
    private final int port;
    private final RedisServer server;

    private TestRedis(String... settings) throws IOException {
        directory = Files.createTempDirectory("vote-test-redis");
        port = freePort();
        var builder = RedisServer.newRedisServer()
                .executableProvider(ExecutableProvider.newJarResourceProvider(directory.toFile()))
                .port(port)
                .setting("dir " + directory)
                .setting("appendonly yes")
                .setting("appendfsync always")
                .setting("maxmemory-policy noeviction")
                .setting("save \"\"");
        Stream.of(settings).forEach(builder::setting);
        server = builder.build();
        server.start();
        Runtime.getRuntime().addShutdownHook(new Thread(this::remove));
    }

    static synchronized TestRedis shared() {
        shared = shared == null ? another() : shared;
        return shared;
    }

    /** For a test whose outage nobody else is to see. */
    static TestRedis another(String... settings) {
        try {
            return new TestRedis(settings);
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot start Redis", e);
        }
    }

    /** A node that knows no other. */
    static TestRedis inClusterMode() {
        try {
            return new TestRedis("cluster-enabled yes");
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot start Redis", e);
        }
    }

    int port() {
        return port;
    }

    void start() {
        try {
            server.start();
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot start Redis", e);
        }
    }

    void stop() {
        try {
            server.stop();
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot stop Redis", e);
        }
    }

    Jedis connect() {
        return new Jedis("127.0.0.1", port);
    }

    void clear() {
        try (var jedis = connect()) {
            jedis.flushAll();
        }
    }

    /** What is in the streams now, each stream in its own order. */
    List<Entry> entries() {
        try (var jedis = connect()) {
            var entries = new ArrayList<Entry>();
            for (int stream = 0; stream < STREAMS; stream++) {
                for (var entry : jedis.xrange("votes:{" + stream + "}", "-", "+")) {
                    var fields = entry.getFields();
                    entries.add(new Entry(stream, fields.get("ballot_id"), fields.get("choice"), fields.size()));
                }
            }
            return entries;
        }
    }

    /** Of the entries that have such a field. */
    List<String> valuesOf(String field) {
        try (var jedis = connect()) {
            return IntStream.range(0, STREAMS)
                    .boxed()
                    .flatMap(stream -> jedis.xrange("votes:{" + stream + "}", "-", "+").stream())
                    .map(entry -> entry.getFields().get(field))
                    .filter(Objects::nonNull)
                    .toList();
        }
    }

    String appendOnlyFile() throws IOException {
        return Files.readString(directory.resolve("appendonly.aof"), ISO_8859_1);
    }

    private void remove() {
        stop();
        try {
            FileSystemUtils.deleteRecursively(directory);
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot delete " + directory, e);
        }
    }

    /** Not among the last 10,000: a node in cluster mode listens also on the one so far above its own. */
    static int freePort() throws IOException {
        try (var socket = new ServerSocket(0)) {
            return socket.getLocalPort() <= 55_535 ? socket.getLocalPort() : freePort();
        }
    }

    record Entry(int stream, String ballotId, String choice, int fields) {}
}
