package voting.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.mock.env.MockEnvironment;

/** The migrate command, and what a person sees of the commands of the worker. */
@ExtendWith(Stores.class)
class MigrateCommandTest {

    /** A database of its own beside that of the other tests; roles and passwords are the server's. */
    private static final String FRESH = "fresh";

    @BeforeEach
    void createDatabase() throws SQLException {
        Stores.createDatabase(FRESH);
    }

    @AfterEach
    void dropDatabase() throws SQLException {
        Stores.dropDatabase(FRESH);
    }

    @Test
    void mayBeRepeated() throws Exception {
        Stores.migrate(FRESH);
        var applied = appliedMigrations();
        fresh().sql("insert into ballot values (gen_random_uuid(), 'cats')").update();

        Stores.migrate(FRESH);

        assertThat(appliedMigrations()).isEqualTo(applied).isNotEmpty();
        assertThat(fresh().sql("select count(*) from ballot").query(Long.class).single())
                .isEqualTo(1);
    }

    @Test
    void mayRunSeveralTimesAtOnce() throws Exception {
        var commands = 4;
        var together = new CyclicBarrier(commands);
        for (int round = 0; round < 5; round++) {
            var running = new ArrayList<Future<?>>();
            try (var threads = Executors.newFixedThreadPool(commands)) {
                for (int i = 0; i < commands; i++) {
                    running.add(threads.submit(() -> {
                        together.await();
                        Stores.migrate(FRESH);
                        return null;
                    }));
                }
            }
            for (var command : running) {
                command.get();
            }
        }
        assertThat(appliedMigrations()).doesNotHaveDuplicates().isNotEmpty();
    }

    @Test
    void setsThePasswordsThatAreGivenAndLeavesTheOthers() throws Exception {
        MigrateCommand.migrate(
                Stores.postgres(FRESH), new MockEnvironment().withProperty("POSTGRES_WORKER_PASSWORD", "another"));
        try {
            assertMayConnect("worker", "another");
            assertMayNotConnect("worker", Stores.WORKER_PASSWORD);
            assertMayConnect("result", Stores.RESULT_PASSWORD);
        } finally {
            Stores.migrate(FRESH);
        }
        assertMayConnect("worker", Stores.WORKER_PASSWORD);
    }

    @Test
    void aMigrationReportsTheVersionAndEndsWithZero() throws Exception {
        var command = run(FRESH, "migrate");

        assertThat(command.output()).contains("The schema is at version ");
        assertThat(command.exitCode()).isZero();
        assertThat(appliedMigrations()).isNotEmpty();
    }

    @Test
    void aMigrationThatFailsSaysWhyWithoutAStackTraceAndEndsWithOne() throws Exception {
        Stores.migrate(FRESH);
        fresh().sql("update flyway_schema_history set checksum = 1").update();

        var command = run(FRESH, "migrate");

        assertThat(command.output().lines().filter(line -> line.contains("ERROR")))
                .singleElement()
                .asString()
                .contains("The schema could not be migrated: Validate failed");
        assertThat(command.output()).contains("checksum mismatch").doesNotContain("\tat ");
        assertThat(command.exitCode()).isEqualTo(1);
    }

    @Test
    void anUnknownCommandSaysWhichThereAreAndEndsWithTwo() throws Exception {
        var command = run(FRESH, "drian");

        assertThat(command.output().lines())
                .singleElement()
                .asString()
                .startsWith("Unknown command 'drian'. Use one of: drain (the default), ");
        assertThat(command.exitCode()).isEqualTo(2);
    }

    private record Ended(int exitCode, String output) {}

    private static Ended run(String database, String... arguments) throws Exception {
        var command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                WorkerApplication.class.getName()));
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().clear();
        builder.environment()
                .putAll(Map.of(
                        "POSTGRES_HOST",
                        Stores.HOST,
                        "POSTGRES_PORT",
                        String.valueOf(Stores.postgresPort()),
                        "POSTGRES_DB",
                        database,
                        "LOGGING_LEVEL_VOTING",
                        "info"));
        var process = builder.start();
        var output = new String(process.getInputStream().readAllBytes());
        return new Ended(process.waitFor(), output);
    }

    private static List<String> appliedMigrations() {
        return fresh().sql("select version || ' ' || success from flyway_schema_history where version is not null"
                        + " order by installed_rank")
                .query(String.class)
                .list();
    }

    private static JdbcClient fresh() {
        return JdbcClient.create(new DriverManagerDataSource(Stores.jdbcUrl(FRESH), "postgres", ""));
    }

    private static void assertMayConnect(String role, String password) throws SQLException {
        try (var connection = Stores.role(role, password).getConnection()) {
            assertThat(connection.isValid(1)).isTrue();
        }
    }

    private static void assertMayNotConnect(String role, String password) {
        assertThatThrownBy(() -> assertMayConnect(role, password)).isInstanceOf(SQLException.class);
    }
}
