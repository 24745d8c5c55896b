package voting.chaos;

import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import voting.load.StoredReader;
import voting.local.LocalPostgres;
import voting.local.LocalSettings;
import voting.local.LocalSystem;
import voting.local.Service;

/**
 * The system with two Postgres servers, both of which worker and result are told. Started once for all tests of the JVM:
 * what a failover has left of the old primary becomes the standby of the new one.
 */
final class PostgresPair {

    /** On a busy machine. */
    static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final Path DIRECTORY = Path.of("target", "postgres-pair");

    private static PostgresPair shared;

    private final AtomicReference<LocalSystem> started = new AtomicReference<>();
    private final AtomicReference<LocalPostgres> second = new AtomicReference<>();
    private final Link toFirst = new Link(() -> started.get().postgres().port());
    private final Link toSecond = new Link(() -> second.get().port());
    private final LocalSystem system;
    private LocalPostgres primary;
    private LocalPostgres standby;

    private PostgresPair() {
        var both = Map.of("POSTGRES_HOST", address(toFirst) + "," + address(toSecond));
        system = new LocalSystem(LocalSettings.onFreePorts(DIRECTORY, Chaos.VARIABLES)
                .withOverrides(Map.of("worker", both, "result", both)));
        primary = system.postgres();
        standby = system.addStandby();
        started.set(system);
        second.set(standby);
        Runtime.getRuntime().addShutdownHook(new Thread(system::close));
        system.start(progress -> {});
    }

    static synchronized PostgresPair shared() {
        if (shared == null) {
            LocalStage.delete(DIRECTORY);
            shared = new PostgresPair();
        }
        return shared;
    }

    LocalSystem system() {
        return system;
    }

    LocalPostgres primary() {
        return primary;
    }

    LocalPostgres standby() {
        return standby;
    }

    /** As a service is told it. */
    String address(LocalPostgres postgres) {
        return address(postgres == second.get() ? toSecond : toFirst);
    }

    private static String address(Link link) {
        return "127.0.0.1:" + link.port();
    }

    /** A standby that has what the primary has, and no votes. */
    void restore(boolean synchronous) throws SQLException {
        if (standby.isRunning()) {
            standby.kill();
        }
        execute(primary, "alter system reset synchronous_standby_names");
        execute(primary, "select pg_reload_conf()");
        execute(primary, "truncate ballot, tally, votes_per_minute, rejected_entry");
        execute(primary, "update stream_position set entries_missing = 0");
        standby.follow(primary);
        standby.start();
        if (synchronous) {
            execute(primary, "alter system set synchronous_standby_names = '%s'".formatted(standby.name()));
            execute(primary, "select pg_reload_conf()");
        }
        var followed = "select count(*) from pg_stat_replication where state = 'streaming' and sync_state = '%s'"
                .formatted(synchronous ? "sync" : "async");
        await().atMost(PATIENCE).until(() -> number(primary, followed) == 1);
    }

    /** One more, of these servers. It is to be stopped by whoever started it. */
    Service startWorker(String servers) {
        var worker = system.addWorker(Map.of("POSTGRES_HOST", servers));
        worker.start();
        return worker;
    }

    /** As an operator, or a program on duty, does it once the primary is gone. */
    void promoteTheStandby() throws SQLException {
        execute(standby, "select pg_promote()");
        var old = primary;
        primary = standby;
        standby = old;
    }

    /** What the primary holds, and what is shown. */
    StoredReader stored() {
        return new StoredReader(
                primary.jdbcUrl(),
                "postgres",
                "",
                system.result().uri(),
                Optional.of(URI.create("redis://127.0.0.1:" + system.redis().port())));
    }

    static long number(LocalPostgres postgres, String query) {
        try (var connection = DriverManager.getConnection(postgres.jdbcUrl());
                var statement = connection.createStatement();
                var row = statement.executeQuery(query)) {
            row.next();
            return row.getLong(1);
        } catch (SQLException e) {
            throw new IllegalStateException("Cannot ask " + postgres.name(), e);
        }
    }

    static void execute(LocalPostgres postgres, String sql) throws SQLException {
        try (var connection = DriverManager.getConnection(postgres.jdbcUrl());
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
