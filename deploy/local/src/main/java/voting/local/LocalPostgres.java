package voting.local;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;

/**
 * Postgres with the settings of production: a commit is on disk, and the roles of the services need their passwords.
 *
 * <p>It leaves the launcher's session by itself, so that a Ctrl-C in the terminal reaches only the launcher, which stops
 * it last.
 */
public final class LocalPostgres implements Component {

    static final String DATABASE = "votes";
    static final String OWNER = "postgres";

    /** Enough for the recovery after a kill on a slow disk. */
    private static final Duration START_TIMEOUT = Duration.ofSeconds(60);

    private static final String CLIENT_AUTHENTICATION = """
            host all postgres 127.0.0.1/32 trust
            host all all      127.0.0.1/32 scram-sha-256
            """;

    private final DataDirectory data;
    private final Guardian guardian;
    private final int port = Ports.free();
    private EmbeddedPostgres server;
    private ProcessHandle process;

    /** The binaries are unpacked into the given directory, unless an earlier start has done so. */
    LocalPostgres(DataDirectory data, Path binaries, Guardian guardian) {
        this.data = data;
        this.guardian = guardian;
        System.setProperty("ot.epg.working-dir", binaries.toString());
    }

    public int port() {
        return port;
    }

    /** For the owner of the database. */
    public String jdbcUrl() {
        return jdbcUrl(DATABASE);
    }

    @Override
    public String name() {
        return "postgres";
    }

    @Override
    public Path log() {
        return data.logs().resolve("postgres.log");
    }

    @Override
    public ProcessHandle process() {
        return process;
    }

    @Override
    public void start() {
        var output = ProcessBuilder.Redirect.appendTo(log().toFile());
        try {
            server = EmbeddedPostgres.builder()
                    .setPort(port)
                    .setDataDirectory(data.postgres())
                    .setCleanDataDirectory(false)
                    .setDataDirectoryCustomizer(LocalPostgres::writeClientAuthentication)
                    .setLocaleConfig("locale", "C")
                    // The library starts Postgres with -F, without fsync, for tests that need no durability.
                    .setServerConfig("fsync", "on")
                    .setServerConfig("synchronous_commit", "on")
                    .setServerConfig("full_page_writes", "on")
                    .setServerConfig("max_connections", "100")
                    .setServerConfig("listen_addresses", "127.0.0.1")
                    .setServerConfig("unix_socket_directories", "")
                    .setPGStartupWait(START_TIMEOUT)
                    .setRegisterShutdownHook(false)
                    .setOutputRedirector(output)
                    .setErrorRedirector(output)
                    .start();
            process = ProcessHandle.of(processId()).orElseThrow();
            guardian.watch(process);
            createDatabase();
        } catch (IOException | SQLException | IllegalStateException e) {
            throw failure("did not start", e);
        }
    }

    @Override
    public void stop() {
        if (process == null) {
            return;
        }
        release();
        Processes.awaitStop(process);
    }

    /** The server and all its sessions, as if the machine had lost power. */
    @Override
    public void kill() {
        var sessions = process.descendants().toList();
        Processes.kill(process);
        sessions.forEach(Processes::kill);
        release();
    }

    /** Stops the server if it still runs ("fast": sessions are ended), and gives up the lock on its data. */
    private void release() {
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot release " + data.postgres(), e);
        }
    }

    private static void writeClientAuthentication(File directory) {
        try {
            Files.writeString(directory.toPath().resolve("pg_hba.conf"), CLIENT_AUTHENTICATION);
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot write to " + directory, e);
        }
    }

    private long processId() throws IOException {
        return Long.parseLong(Files.readAllLines(data.postgres().resolve("postmaster.pid"))
                .getFirst()
                .strip());
    }

    private void createDatabase() throws SQLException {
        try (var connection = DriverManager.getConnection(jdbcUrl("postgres"));
                var statement = connection.createStatement();
                var existing = statement.executeQuery("select from pg_database where datname = '" + DATABASE + "'")) {
            if (!existing.next()) {
                statement.execute("create database " + DATABASE);
            }
        }
    }

    private String jdbcUrl(String database) {
        return "jdbc:postgresql://127.0.0.1:%d/%s?user=%s".formatted(port, database, OWNER);
    }
}
