package voting.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.SQLException;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each role may do what its service does, and nothing else. */
@ExtendWith(Stores.class)
class RolesTest {

    private static final String PERMISSION_DENIED = "42501";
    private static final String INVALID_PASSWORD = "28P01";

    private final DataSource worker = Stores.role("worker", Stores.WORKER_PASSWORD);
    private final DataSource result = Stores.role("result", Stores.RESULT_PASSWORD);

    @ParameterizedTest
    @ValueSource(
            strings = {
                "create table mine (id integer)",
                "create temporary table mine (id integer)",
                "create schema mine",
                "alter table ballot add column name text",
                "alter table ballot disable trigger all",
                "drop table tally",
                "truncate ballot",
                "delete from ballot",
                "delete from tally",
                "delete from stream_position",
                "delete from rejected_entry",
                "update rejected_entry set reason = ''",
                "select * from flyway_schema_history",
                "create role friend",
                "set role postgres",
                "alter role result password 'x'",
            })
    void workerMayNot(String sql) {
        assertDenied(worker, sql);
    }

    /** "beat" runs with the worker's role. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "analyze ballot, tally, votes_per_minute",
                "delete from votes_per_minute",
                "delete from worker_presence",
            })
    void workerMay(String sql) throws SQLException {
        try (var connection = worker.getConnection();
                var statement = connection.createStatement()) {
            statement.execute(sql);

            // To analyze what one may not is no error for Postgres, it only says so.
            assertThat((Throwable) statement.getWarnings()).isNull();
        }
    }

    @Test
    void nobodyElseMayAnalyze() throws SQLException {
        try (var connection = result.getConnection();
                var statement = connection.createStatement()) {
            statement.execute("analyze ballot, tally, votes_per_minute");

            assertThat((Throwable) statement.getWarnings()).hasMessageContaining("permission denied to analyze");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select * from ballot",
                "select * from stream_position",
                "select * from rejected_entry",
                "select * from flyway_schema_history",
                "insert into tally values (0, 'cats', 1)",
                "update tally set votes = 1000000",
                "delete from tally",
                "truncate tally",
                "insert into votes_per_minute values (now(), 0, 1)",
                "update votes_per_minute set votes = 1000000",
                "delete from votes_per_minute",
                "insert into ballot values (gen_random_uuid(), 'cats')",
                "insert into worker_presence values (gen_random_uuid(), now(), true)",
                "update worker_presence set draining = true",
                "delete from worker_presence",
                "select * from stream_position for update",
                "select * from tally for update",
                "create table mine (id integer)",
                "create temporary table mine (id integer)",
                "set role worker",
            })
    void resultMayNot(String sql) {
        assertDenied(result, sql);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select * from tally",
                "select * from votes_per_minute",
                "select * from worker_presence",
                "listen tally",
            })
    void resultMay(String sql) {
        assertThatCode(() -> execute(result, sql)).doesNotThrowAnyException();
    }

    @Test
    void aRoleNeedsItsPassword() {
        assertThatThrownBy(() -> execute(Stores.role("worker", Stores.RESULT_PASSWORD), "select 1"))
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo(INVALID_PASSWORD));
    }

    private static void assertDenied(DataSource role, String sql) {
        assertThatThrownBy(() -> execute(role, sql))
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo(PERMISSION_DENIED));
    }

    private static void execute(DataSource role, String sql) throws SQLException {
        try (var connection = role.getConnection();
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
