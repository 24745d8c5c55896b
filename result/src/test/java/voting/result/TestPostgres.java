package voting.result;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import org.awaitility.Awaitility;
import org.springframework.util.FileSystemUtils;

/** A real Postgres with the worker's schema, roles and grants, one for all tests of the JVM. */
final class TestPostgres {

    static final String PASSWORD = "s=e,c ret";

    private static final Path MIGRATIONS = Path.of("../worker/src/main/resources/db/migration");

    private static final String CLIENT_AUTHENTICATION = """
            host all postgres 127.0.0.1/32 trust
            host all worker   127.0.0.1/32 trust
            host all all      127.0.0.1/32 scram-sha-256
            """;

    private static TestPostgres shared;

    static {
        // Conditions hold within milliseconds: by default every wait takes a tenth of a second at least.
        Awaitility.setDefaultPollDelay(Duration.ZERO);
        Awaitility.setDefaultPollInterval(Duration.ofMillis(10));
    }

    private final Path directory;
    private final int port;
    private EmbeddedPostgres server;
    private Connection worker;

    private TestPostgres() throws IOException, SQLException {
        directory = Files.createTempDirectory("result-test-postgres");
        port = freePort();
        start();
        Runtime.getRuntime().addShutdownHook(new Thread(this::remove));
        try (var owner = connect("postgres", "postgres");
                var statement = owner.createStatement()) {
            statement.execute("create database votes");
        }
        migrate();
    }

    static synchronized TestPostgres shared() {
        try {
            shared = shared == null ? new TestPostgres() : shared;
            return shared;
        } catch (IOException | SQLException e) {
            throw new IllegalStateException("Cannot start Postgres", e);
        }
    }

    int port() {
        return port;
    }

    void start() {
        try {
            server = EmbeddedPostgres.builder()
                    .setPort(port)
                    .setDataDirectory(directory)
                    .setCleanDataDirectory(false)
                    .setDataDirectoryCustomizer(TestPostgres::writeClientAuthentication)
                    .setLocaleConfig("locale", "C")
                    .setServerConfig("unix_socket_directories", "")
                    .setRegisterShutdownHook(false)
                    .setOutputRedirector(ProcessBuilder.Redirect.DISCARD)
                    .setErrorRedirector(ProcessBuilder.Redirect.DISCARD)
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot start Postgres", e);
        }
    }

    /** Ends all sessions and the server; {@link #start} continues with the same data. */
    void stop() {
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot stop Postgres", e);
        }
    }

    Connection connect(String role, String database) throws SQLException {
        return DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:%d/%s".formatted(port, database), role, PASSWORD);
    }

    void clear() {
        execute("postgres", "truncate tally, votes_per_minute, ballot, worker_presence; notify tally");
    }

    /** What the worker does for a batch: all in one transaction, with the notification. */
    void count(int stream, Map<String, Long> differences) {
        change(stream, differences, true);
    }

    /** As {@link #count}, but the notification is lost. */
    void countSilently(int stream, Map<String, Long> differences) {
        change(stream, differences, false);
    }

    void countInMinute(String minute, int stream, long votes) {
        execute(
                "worker",
                "insert into votes_per_minute values (%s, %d, %d); notify tally".formatted(minute, stream, votes));
    }

    /** What a worker of before did every second. */
    void publish(String worker, boolean draining, String waiting, String oldestAgeMillis) {
        publish(worker, draining, waiting, oldestAgeMillis, "null");
    }

    /** What a worker does every second. */
    void publish(String worker, boolean draining, String waiting, String oldestAgeMillis, String acceptedToday) {
        execute("worker", """
                insert into worker_presence values (%s, now(), %s, %s, %s, %s)
                on conflict (worker) do update set
                    seen_at = excluded.seen_at,
                    draining = excluded.draining,
                    waiting = excluded.waiting,
                    oldest_age_millis = excluded.oldest_age_millis,
                    accepted_today = excluded.accepted_today
                """.formatted(worker, draining, waiting, oldestAgeMillis, acceptedToday));
    }

    void execute(String role, String sql) {
        try (var connection = connect(role, "votes");
                var statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException("Cannot execute " + sql, e);
        }
    }

    private synchronized void change(int stream, Map<String, Long> differences, boolean isNotified) {
        try {
            if (worker == null || !worker.isValid(1)) {
                worker = connect("worker", "votes");
                worker.setAutoCommit(false);
            }
            try (var upsert = worker.prepareStatement("""
                    insert into tally (stream, choice, votes) values (?, ?, ?)
                    on conflict (stream, choice) do update set votes = tally.votes + excluded.votes
                    """);
                    var notify = worker.createStatement()) {
                for (var difference : differences.entrySet()) {
                    upsert.setInt(1, stream);
                    upsert.setString(2, difference.getKey());
                    upsert.setLong(3, difference.getValue());
                    upsert.executeUpdate();
                }
                if (isNotified) {
                    notify.execute(
                            "select pg_notify('tally', (extract(epoch from clock_timestamp()) * 1000)::bigint::text)");
                }
                worker.commit();
            }
        } catch (SQLException e) {
            throw new IllegalStateException("Cannot count " + differences, e);
        }
    }

    private void migrate() throws IOException, SQLException {
        try (var scripts = Files.list(MIGRATIONS);
                var owner = connect("postgres", "votes");
                var statement = owner.createStatement()) {
            for (var script : scripts.sorted().toList()) {
                statement.execute(Files.readString(script));
            }
            statement.execute("alter role result password '" + PASSWORD + "'");
        }
    }

    private static void writeClientAuthentication(File directory) {
        try {
            Files.writeString(directory.toPath().resolve("pg_hba.conf"), CLIENT_AUTHENTICATION);
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot write to " + directory, e);
        }
    }

    private void remove() {
        stop();
        try {
            FileSystemUtils.deleteRecursively(directory);
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot delete " + directory, e);
        }
    }

    static int freePort() {
        try (var socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException("No free port", e);
        }
    }
}
