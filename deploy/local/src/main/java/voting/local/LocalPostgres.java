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
            host all         postgres 127.0.0.1/32 trust
            host replication postgres 127.0.0.1/32 trust
            host all         all      127.0.0.1/32 scram-sha-256
            """;

    private final String name;
    private final DataDirectory data;
    private final Guardian guardian;
    private final int port = Ports.free();
    private EmbeddedPostgres server;
    private ProcessHandle process;

    /** The binaries are unpacked into the given directory, unless an earlier start has done so. */
    LocalPostgres(String name, DataDirectory data, Path binaries, Guardian guardian) {
        this.name = name;
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
        return name;
    }

    @Override
    public Path log() {
        return data.logs().resolve(name + ".log");
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
                    .setDataDirectory(directory())
                    .setCleanDataDirectory(false)
                    .setDataDirectoryCustomizer(LocalPostgres::writeClientAuthentication)
                    .setLocaleConfig("locale", "C")
                    // The library starts Postgres with -F, without fsync, for tests that need no durability.
                    .setServerConfig("fsync", "on")
                    .setServerConfig("synchronous_commit", "on")
                    .setServerConfig("full_page_writes", "on")
                    // The index of ten million ballots: they drain at 87 % of the rate of none, with the default at 62
                    // %.
                    .setServerConfig("shared_buffers", "512MB")
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

    /**
     * Makes this server, which must not run, the standby of another one, which must: with a copy of that one's data in
     * place of what it had. In {@code synchronous_standby_names} it is called by its name.
     */
    public void follow(LocalPostgres primary) {
        try {
            DataDirectory.delete(directory());
            BaseBackup.copy(primary.jdbcUrl(), primary.directory(), directory());
            Files.writeString(
                    directory().resolve("postgresql.auto.conf"),
                    "primary_conninfo = 'host=127.0.0.1 port=%d user=%s application_name=%s'%n"
                            .formatted(primary.port, OWNER, name));
            Files.createFile(directory().resolve("standby.signal"));
        } catch (IOException | SQLException e) {
            throw failure("cannot follow " + primary.name, e);
        }
    }

    /** Stops the server if it still runs ("fast": sessions are ended), and gives up the lock on its data. */
    private void release() {
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot release " + directory(), e);
        }
    }

    private Path directory() {
        return data.path().resolve(name);
    }

    private static void writeClientAuthentication(File directory) {
        try {
            Files.writeString(directory.toPath().resolve("pg_hba.conf"), CLIENT_AUTHENTICATION);
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot write to " + directory, e);
        }
    }

    private long processId() throws IOException {
        return Long.parseLong(Files.readAllLines(directory().resolve("postmaster.pid"))
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
