package voting.worker;

import static ch.qos.logback.classic.Level.ERROR;
import static ch.qos.logback.classic.Level.INFO;
import static ch.qos.logback.classic.Level.WARN;
import static org.assertj.core.api.Assertions.assertThat;
import static voting.worker.Counted.eventually;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.sql.SQLException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.health.contributor.Status;
import org.springframework.context.ConfigurableApplicationContext;

/** {@code beat} finds out when tally and ballots differ, and says when it cannot. */
@ExtendWith(Stores.class)
class AuditTest {

    private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    private final Audit audit = new Audit(Stores.worker(), metrics);
    private final LogOf log = new LogOf(Audit.class);

    @AfterEach
    void close() {
        log.close();
    }

    @Test
    void tallyThatAgreesIsNoDrift() throws SQLException {
        execute("insert into ballot select gen_random_uuid(), 'cats' from generate_series(1, 3)");
        execute("insert into tally values (0, 'cats', 5), (1, 'cats', -2), (1, 'dogs', 0)");

        audit.run();

        assertThat(drift()).isZero();
        assertThat(log.lines(INFO)).containsExactly("Audit: 3 ballots, the tally agrees.");
        assertThat(log.lines(ERROR)).isEmpty();
        assertThat(audit.health().getStatus()).isEqualTo(Status.UP);
    }

    @Test
    void everyVoteByWhichTheTallyDiffersIsDriftUntilItIsRepaired() throws SQLException {
        execute("insert into ballot select gen_random_uuid(), 'cats' from generate_series(1, 3)");
        execute("insert into ballot values (gen_random_uuid(), 'dogs')");
        execute("insert into tally values (0, 'cats', 2), (1, 'cats', 3), (0, 'birds', 4)"); // and no dogs

        audit.run();

        assertThat(drift()).isEqualTo(2 + 4 + 1);
        assertThat(log.lines(ERROR))
                .singleElement()
                .asString()
                .startsWith("Audit: 4 ballots, and the tally differs: ")
                .contains("cats +2", "birds +4", "dogs -1");
        assertThat(log.lines(INFO)).isEmpty();

        execute("update tally set votes = 0");
        execute("insert into tally values (2, 'cats', 3), (2, 'dogs', 1)");
        audit.run();

        assertThat(drift()).isZero();
    }

    @Test
    void differencesOfTwoOptionsDoNotCancelEachOther() throws SQLException {
        execute("insert into ballot values (gen_random_uuid(), 'cats')");
        execute("insert into tally values (0, 'dogs', 1)");

        audit.run();

        assertThat(drift()).isEqualTo(2);
    }

    @Test
    void oneAuditRunsHoweverManyInstancesThereAre() throws Exception {
        var other = new Audit(Stores.worker(), new SimpleMeterRegistry());
        CompletableFuture<Void> slow;
        try (var connection = Stores.owner().getConnection();
                var statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("lock table ballot in access exclusive mode"); // keeps the first in the middle of it
            slow = CompletableFuture.runAsync(audit::run);
            eventually()
                    .until(() -> Counted.sql("select count(*) from pg_stat_activity where wait_event_type = 'Lock'")
                                    .query(Long.class)
                                    .single()
                            == 1);

            other.run(); // comes back: it has not even tried to read the ballots

            assertThat(other.health().getStatus()).isEqualTo(Status.UP);
            assertThat(log.lines(INFO)).isEmpty();
            connection.rollback();
        }
        slow.join();
        assertThat(log.lines(INFO)).hasSize(1);

        other.run(); // the lock went with the transaction

        assertThat(log.lines(INFO)).hasSize(2);
    }

    @Test
    void auditThatCannotRunIsUnhealthyAndWarnsOnceUntilItCan() throws SQLException {
        assertThat(audit.health().getStatus()).isEqualTo(Status.DOWN); // nothing is known yet
        execute("revoke select on ballot from worker");
        try {
            audit.run();
            audit.run();

            assertThat(audit.health().getStatus()).isEqualTo(Status.DOWN);
            assertThat(audit.health().getDetails().get("reason").toString())
                    .contains("permission denied for table ballot");
            assertThat(log.lines(WARN))
                    .singleElement()
                    .asString()
                    .startsWith("The audit could not run: ")
                    .endsWith("Will try again at its next time.");
        } finally {
            execute("grant select on ballot to worker");
        }
        audit.run();

        assertThat(audit.health().getStatus()).isEqualTo(Status.UP);
        assertThat(log.lines(INFO)).hasSize(1);
    }

    @Test
    void minutesOfThePastAreForgottenAndThePlannerIsInformed() throws SQLException {
        execute("insert into ballot select gen_random_uuid(), 'cats' from generate_series(1, 3)");
        execute("insert into tally values (0, 'cats', 3)");
        execute("insert into votes_per_minute values (now() - interval '25 hours', 0, 1), (now(), 0, 2)");

        audit.run();

        assertThat(Counted.ballotsOfAllMinutes()).isEqualTo(2);
        assertThat(Counted.sql("select reltuples from pg_class where oid = 'ballot'::regclass")
                        .query(Long.class)
                        .single())
                .isEqualTo(3);
    }

    @Test
    void beatAuditsAndDoesNotDrain() {
        Vote.cast(0, Vote.of(1, "cats"));
        try (var beat = run("beat")) {
            assertThat(beat.getBeansOfType(DrainLoop.class)).isEmpty();
            var started = beat.getBean(Audit.class);
            eventually().until(() -> started.health().getStatus().equals(Status.UP));
        }
        assertThat(Counted.length(0)).isEqualTo(1);
        assertThat(Counted.ballots()).isEmpty();
    }

    @Test
    void workerDrainsAndDoesNotAudit() {
        try (var worker = run()) {
            assertThat(worker.getBeansOfType(Audit.class)).isEmpty();
            assertThat(worker.getBeansOfType(DrainLoop.class)).hasSize(1);
        }
    }

    private double drift() {
        return metrics.get("audit.drift").gauge().value();
    }

    private static void execute(String sql) throws SQLException {
        try (var connection = Stores.owner().getConnection();
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static ConfigurableApplicationContext run(String... profiles) {
        var application = new SpringApplication(WorkerApplication.class);
        application.setAdditionalProfiles(profiles);
        return application.run(
                "--postgres.host=" + Stores.HOST,
                "--postgres.port=" + Stores.postgresPort(),
                "--POSTGRES_PASSWORD=" + Stores.WORKER_PASSWORD,
                "--MANAGEMENT_SERVER_PORT=0",
                "--redis.host=" + Stores.HOST,
                "--redis.port=" + Stores.redisPort());
    }
}
