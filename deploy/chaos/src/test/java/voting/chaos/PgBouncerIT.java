package voting.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import voting.load.Verdict;

/** Workers behind a pool that gives them a session of Postgres for a transaction at a time. */
@EnabledIf(value = "voting.chaos.PgBouncer#isWanted", disabledReason = "there is no pgbouncer")
class PgBouncerIT {

    private final PostgresPair pair = PostgresPair.shared();
    private final Voting voting = new Voting(pair);

    @BeforeEach
    void leaveItToOthers() {
        pair.system().worker().stop();
    }

    @AfterEach
    void takeItBack() throws InterruptedException {
        voting.dismiss();
        pair.system().worker().start();
        pair.system().worker().awaitReady();
    }

    @Test
    void workersThatShareFewerSessionsThanTheyHaveConnectionsCountEachVoteOnce() throws Exception {
        pair.restore(false);
        try (var bouncer = new PgBouncer(pair.primary())) {
            var first = pair.startWorker(bouncer.address());
            var second = pair.startWorker(bouncer.address());
            first.awaitReady();
            second.awaitReady();

            voting.begin();
            voting.awaitMoreCounted(500);
            assertThat(sessions()).isBetween(1L, (long) PgBouncer.SESSIONS);
            second.kill();
            voting.awaitMoreCounted(500);

            assertThat(voting.end()).matches(Verdict::passed);
            assertThat(first.log()).content().doesNotContain("prepared statement");
            first.stop();
        }
    }

    @Test
    void workersFollowThePrimaryToItsOwnPgBouncer() throws Exception {
        pair.restore(true);
        try (var before = new PgBouncer(pair.primary());
                var after = new PgBouncer(pair.standby())) {
            // The standby's first, so that it is known as one when it is promoted.
            var worker = pair.startWorker(after.address() + "," + before.address());
            worker.awaitReady();
            voting.begin();
            voting.awaitMoreCounted(500);

            pair.primary().kill();
            pair.promoteTheStandby();
            after.restart();

            voting.awaitMoreCounted(500);
            assertThat(voting.end()).matches(Verdict::passed);
            worker.stop();
        }
    }

    private long sessions() {
        return PostgresPair.number(pair.primary(), "select count(*) from pg_stat_activity where usename = 'worker'");
    }
}
