package voting.worker;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.api.trace.TracerProvider;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Set;
import javax.sql.DataSource;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.postgresql.ds.PGSimpleDataSource;
import org.springframework.mock.env.MockEnvironment;
import org.springframework.util.FileSystemUtils;
import redis.clients.jedis.Jedis;
import redis.embedded.RedisServer;
import redis.embedded.core.ExecutableProvider;

/**
 * The Redis and the Postgres of all tests: real ones, started once per JVM, migrated by the real command, emptied after
 * each test. Both can be stopped and started again with their data. The roles of the services need their passwords.
 */
final class Stores implements BeforeAllCallback, AfterEachCallback {

    static final String HOST = "127.0.0.1";
    static final String DATABASE = "votes";

    /** As many as the settings' default; their position rows exist before each test. */
    static final int STREAMS = 4;

    /** Passwords that a careless "alter role" would trip over. */
    static final String WORKER_PASSWORD = "work'er \\ %I $$ é";

    static final String RESULT_PASSWORD = "re\"sult; --";

    private static final Path DIRECTORY = Path.of("target", "stores").toAbsolutePath();

    private static final String CLIENT_AUTHENTICATION = """
            host all postgres 127.0.0.1/32 trust
            host all all      127.0.0.1/32 scram-sha-256
            """;

    private static final int POSTGRES_PORT = freePort();
    private static final int REDIS_PORT = freePort();

    /** Of a machine that has better things to do. */
    private static final Duration START_TIMEOUT = Duration.ofSeconds(60);

    private static EmbeddedPostgres postgres;
    private static RedisServer redis;
    private static HikariDataSource worker;

    @Override
    public void beforeAll(ExtensionContext context) throws Exception {
        if (postgres != null) {
            return;
        }
        FileSystemUtils.deleteRecursively(DIRECTORY);
        Files.createDirectories(DIRECTORY);
        startRedis();
        startPostgres();
        createDatabase(DATABASE);
        migrate(DATABASE);
        empty();
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        startRedis();
        startPostgres();
        empty();
    }

    static WorkerSettings settings() {
        return settings(STREAMS);
    }

    static WorkerSettings settings(int streams) {
        return settings(streams, "");
    }

    static WorkerSettings settings(int streams, String redisPassword) {
        return new WorkerSettings(
                new WorkerSettings.Poll(new WorkerSettings.Options(Set.of("cats", "dogs", "birds"))),
                new WorkerSettings.Vote(streams),
                new WorkerSettings.Redis(HOST, REDIS_PORT, redisPassword, "", "", "mymaster"));
    }

    /** For drainers whose numbers no test looks at. */
    static DrainTelemetry drainTelemetry() {
        return new DrainTelemetry(
                new SimpleMeterRegistry(), TracerProvider.noop().get(""));
    }

    /** One of the default poll. */
    static Drainer drainer(BallotStreams streams) {
        return new Drainer(
                streams,
                new BallotStore(),
                worker(),
                settings().poll().options().ids(),
                drainTelemetry());
    }

    /** The worker's role, with the settings of application.properties; more connections, for tests of many drainers. */
    static synchronized DataSource worker() {
        if (worker == null) {
            worker = newWorkerDataSource(DATABASE);
        }
        return worker;
    }

    static HikariDataSource newWorkerDataSource(String database) {
        var config = new HikariConfig();
        config.setJdbcUrl(postgres(database).getJdbcUrl()
                + "&connectTimeout=2&socketTimeout=15&tcpKeepAlive=true&prepareThreshold=0&logServerErrorDetail=false");
        config.setUsername("worker");
        config.setPassword(WORKER_PASSWORD);
        config.setAutoCommit(false);
        config.setExceptionOverrideClassName(ReadOnlySessions.class.getName());
        config.setInitializationFailTimeout(-1);
        config.setConnectionTimeout(3_000);
        config.setMinimumIdle(1);
        config.setMaximumPoolSize(10);
        return new HikariDataSource(config);
    }

    /** A role that sees what it is allowed to see; for the owner the password does not matter. */
    static DataSource role(String user, String password) {
        return role(user, password, DATABASE);
    }

    static DataSource owner() {
        return role("postgres", "");
    }

    static Jedis redis() {
        return new Jedis(HOST, REDIS_PORT);
    }

    static int redisPort() {
        return REDIS_PORT;
    }

    static int postgresPort() {
        return POSTGRES_PORT;
    }

    static String jdbcUrl(String database) {
        return "jdbc:postgresql://%s:%d/%s".formatted(HOST, POSTGRES_PORT, database);
    }

    static void createDatabase(String name) throws SQLException {
        execute(role("postgres", "", "postgres"), "create database " + name);
    }

    static void dropDatabase(String name) throws SQLException {
        execute(role("postgres", "", "postgres"), "drop database " + name + " with (force)");
    }

    static void migrate(String database) throws SQLException {
        MigrateCommand.migrate(
                postgres(database),
                new MockEnvironment()
                        .withProperty("POSTGRES_WORKER_PASSWORD", WORKER_PASSWORD)
                        .withProperty("POSTGRES_RESULT_PASSWORD", RESULT_PASSWORD));
    }

    static PostgresSettings postgres(String database) {
        return new PostgresSettings(HOST, POSTGRES_PORT, database, "worker", WORKER_PASSWORD);
    }

    /** Does nothing when it runs. */
    static synchronized void startPostgres() throws IOException {
        if (postgres != null) {
            return;
        }
        postgres = EmbeddedPostgres.builder()
                .setPort(POSTGRES_PORT)
                .setDataDirectory(DIRECTORY.resolve("postgres"))
                .setCleanDataDirectory(false)
                .setDataDirectoryCustomizer(Stores::writeClientAuthentication)
                .setLocaleConfig("locale", "C")
                .setServerConfig("listen_addresses", HOST)
                .setServerConfig("unix_socket_directories", "")
                .setServerConfig("wal_level", "logical") // for ShardedBallotsTest
                .setPGStartupWait(START_TIMEOUT)
                .start();
    }

    static synchronized void stopPostgres() throws IOException {
        postgres.close();
        postgres = null;
        if (worker == null) {
            return;
        }
        worker.close(); // for the tests to come: a pool that has seen an outage hesitates
        worker = null;
    }

    /** With the durable settings of production, so that a stop and a start lose nothing. Does nothing when it runs. */
    static synchronized void startRedis() throws IOException {
        if (redis != null) {
            return;
        }
        var data = Files.createDirectories(DIRECTORY.resolve("redis"));
        redis = RedisServer.newRedisServer()
                .executableProvider(ExecutableProvider.newJarResourceProvider(DIRECTORY.toFile()))
                .bind(HOST)
                .port(REDIS_PORT)
                .setting("dir \"" + data + "\"")
                .setting("appendonly yes")
                .setting("appendfsync always")
                .setting("save \"\"")
                .soutListener(ignored -> {}) // somebody must read it, or Redis stops at a full pipe
                .build();
        redis.start();
    }

    static Path appendOnlyFile() {
        return DIRECTORY.resolve("redis").resolve("appendonly.aof");
    }

    static synchronized void stopRedis() throws IOException {
        redis.stop();
        redis = null;
    }

    private static DataSource role(String user, String password, String database) {
        var dataSource = new PGSimpleDataSource();
        dataSource.setUrl(jdbcUrl(database));
        dataSource.setUser(user);
        dataSource.setPassword(password);
        return dataSource;
    }

    private static void empty() throws SQLException {
        try (var jedis = redis()) {
            jedis.flushAll();
        }
        // A transaction that a test has left open fails here rather than hang.
        execute(owner(), """
                set lock_timeout = '10s';
                truncate ballot, tally, votes_per_minute, rejected_entry, stream_position, worker_presence
                    restart identity;
                insert into stream_position (stream) select generate_series(0, %d - 1);
                """.formatted(STREAMS));
    }

    private static void execute(DataSource dataSource, String sql) throws SQLException {
        try (var connection = dataSource.getConnection();
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static void writeClientAuthentication(File directory) {
        try {
            Files.writeString(directory.toPath().resolve("pg_hba.conf"), CLIENT_AUTHENTICATION);
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot write to " + directory, e);
        }
    }

    static int freePort() {
        try (var socket = new ServerSocket(0, 1, InetAddress.getByName(HOST))) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException("No free port", e);
        }
    }
}
