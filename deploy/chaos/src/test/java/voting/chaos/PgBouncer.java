package voting.chaos;

import static org.awaitility.Awaitility.await;
import static voting.chaos.PostgresPair.PATIENCE;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import voting.local.LocalPostgres;
import voting.local.Ports;

/** PgBouncer before one Postgres, as {@code deploy/SCALING.md} sets it up: transactions share a few sessions. */
final class PgBouncer implements AutoCloseable {

    /** Fewer than a single worker keeps connections. */
    static final int SESSIONS = 2;

    /** Where Debian's package has it; {@code PGBOUNCER} names another one, or says that it must be there. */
    private static final String EXECUTABLE = System.getenv().getOrDefault("PGBOUNCER", "/usr/sbin/pgbouncer");

    private static final String SETTINGS = """
            [databases]
            votes = host=127.0.0.1 port=%d
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = %d
            unix_socket_dir =
            pool_mode = transaction
            default_pool_size = %d
            auth_type = scram-sha-256
            auth_user = postgres
            auth_query = select usename, passwd from pg_shadow where usename = $1
            ignore_startup_parameters = extra_float_digits
            query_wait_timeout = 3
            server_login_retry = 1
            """;

    private final int port = Ports.free();
    private final Path settings;
    private Process process;

    PgBouncer(LocalPostgres postgres) {
        try {
            settings = Files.createTempFile("pgbouncer", ".ini");
            Files.writeString(settings, SETTINGS.formatted(postgres.port(), port, SESSIONS));
            settings.toFile().deleteOnExit();
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot write settings", e);
        }
        start();
    }

    private void start() {
        try {
            var command = new ArrayList<>(List.of(EXECUTABLE));
            if ("root".equals(System.getProperty("user.name"))) { // as which it does not run
                command.addAll(List.of("-u", "nobody"));
            }
            command.add(settings.toString());
            process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(Path.of("target", "pgbouncer.log").toFile())
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot start " + EXECUTABLE, e);
        }
        await().atMost(PATIENCE).until(this::answers);
    }

    static boolean isWanted() {
        return System.getenv("PGBOUNCER") != null || Files.isExecutable(Path.of(EXECUTABLE));
    }

    /** As a service is told it. */
    String address() {
        return "127.0.0.1:" + port;
    }

    /** Forgets what it was told at its first session: that Postgres is a standby. A reload is not enough. */
    void restart() {
        close();
        start();
    }

    private boolean answers() {
        try {
            new Socket(InetAddress.getLoopbackAddress(), port).close();
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public void close() {
        process.destroy();
        process.onExit().join();
    }
}
