package voting.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static voting.worker.Counted.assertEachCountedOnce;
import static voting.worker.Counted.eventually;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Any number of drainers on the same streams count each ballot once and in order. */
@ExtendWith(Stores.class)
class DrainerConcurrencyTest {

    private static final int VOTERS = 3_000;
    private static final int VOTES = 20_000;

    /** What Postgres says of two transactions that stood in each other's way: a deadlock. */
    private static final List<String> COLLISIONS = List.of("40P01");

    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void close() {
        threads.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4})
    void eachBallotIsCountedOnceAndNoVoterEndsOnAnOlderChoice(int drainers) throws Exception {
        var votes = Vote.restless(VOTERS, VOTES);
        var allCast = new CountDownLatch(1);
        var drained = new ArrayList<Future<Integer>>();
        for (int i = 0; i < drainers; i++) {
            drained.add(threads.submit(() -> drainUntilEmpty(allCast)));
        }
        Vote.cast(votes);
        allCast.countDown();

        var counted = 0;
        for (var drainer : drained) {
            counted += drainer.get();
        }
        assertThat(counted).isEqualTo(VOTES);
        assertEachCountedOnce(votes);
    }

    @Test
    void oneBallotIdInTwoStreamsAtOnceMakesTheTallyDriftNowhere() throws Exception {
        // Nobody does this but an attacker, so which choice stays is nobody's business; that it is one of them, is.
        var votes = new ArrayList<Vote>();
        for (int round = 0; round < 3; round++) {
            for (int voter = 0; voter < 1_000; voter++) {
                votes.add(Vote.of(voter, (voter + round) % 2 == 0 ? "cats" : "dogs"));
            }
        }
        Vote.cast(0, votes.toArray(Vote[]::new));
        Collections.reverse(votes);
        Vote.cast(1, votes.toArray(Vote[]::new));

        var drainers = List.of(
                threads.submit(() -> repeatingCollisions(() -> drainInSmallBatches(0))),
                threads.submit(() -> repeatingCollisions(() -> drainInSmallBatches(1))));
        for (var drainer : drainers) {
            drainer.get();
        }

        assertThat(Counted.ballots()).hasSize(1_000);
        assertThat(Counted.tally()).isEqualTo(Counted.recount());
        assertThat(Counted.ballotsOfAllMinutes()).isEqualTo(6_000);
        Counted.assertNothingLeft();
    }

    @Test
    void aBallotThatAnotherStreamAddsInTheMiddleOfABatchIsChangedByIt() throws Exception {
        Vote.cast(0, Vote.of(1, "cats"), Vote.of(2, "cats"));
        Vote.cast(1, Vote.of(1, "dogs"));
        var faults = new Faults() {
            private boolean armed = true;

            @Override
            void beforeStatement(String sql) throws SQLException {
                if (armed && sql.contains("insert into ballot ")) {
                    armed = false;
                    assertThat(drainOnce(1).counted()).isEqualTo(1);
                }
            }
        };
        try (var streams = new BallotStreams(Stores.settings())) {
            var drainer = new Drainer(
                    streams,
                    new BallotStore(),
                    faults.dataSource(),
                    Stores.settings().poll().options().ids(),
                    Stores.drainTelemetry());

            assertThat(drainer.drainOnce(0).counted()).isEqualTo(2);
        }

        assertThat(Counted.tally()).isEqualTo(Map.of("cats", 2L));
        assertThat(Counted.recount()).isEqualTo(Map.of("cats", 2L));
    }

    @Test
    void aBallotThatAnotherStreamWantsToChangeTooIsChangedOneAfterTheOther() throws Exception {
        Vote.cast(0, Vote.of(1, "cats"));
        drainOnce(0);
        Vote.cast(0, Vote.of(1, "dogs"));
        Vote.cast(1, Vote.of(1, "birds"));
        var other = new AtomicReference<Future<Drainer.Outcome>>();
        var faults = new Faults() {
            @Override
            void beforeCommit() {
                other.set(threads.submit(() -> drainOnce(1)));
                eventually().until(() -> other.get().isDone() || isWorkerWaitingForALock());
            }
        };
        try (var streams = new BallotStreams(Stores.settings())) {
            var drainer = new Drainer(
                    streams,
                    new BallotStore(),
                    faults.dataSource(),
                    Stores.settings().poll().options().ids(),
                    Stores.drainTelemetry());
            assertThat(drainer.drainOnce(0).counted()).isEqualTo(1);
        }
        assertThat(other.get().get().counted()).isEqualTo(1);

        assertThat(Counted.tally()).isEqualTo(Map.of("birds", 1L));
        assertThat(Counted.recount()).isEqualTo(Map.of("birds", 1L));
    }

    private static boolean isWorkerWaitingForALock() {
        return Counted.sql(
                                "select count(*) from pg_stat_activity where usename = 'worker' and wait_event_type = 'Lock'")
                        .query(Long.class)
                        .single()
                > 0;
    }

    /** What a drain loop does, without its waits. */
    private static int drainUntilEmpty(CountDownLatch allCast) throws SQLException {
        var counted = 0;
        try (var streams = new BallotStreams(Stores.settings())) {
            var drainer = Stores.drainer(streams);
            while (true) {
                var isAllCast = allCast.getCount() == 0;
                var waiting = streams.awaitEntries(1);
                if (waiting.isEmpty() && isAllCast) {
                    return counted;
                }
                Collections.shuffle(waiting);
                for (var stream : waiting) {
                    counted += drainer.drainOnce(stream).counted();
                }
            }
        }
    }

    private static Void drainInSmallBatches(int stream) throws SQLException {
        try (var streams = new BallotStreams(Stores.settings()) {
            @Override
            Contents read(int stream, String position, int limit) {
                return super.read(stream, position, 100);
            }
        }) {
            var drainer = Stores.drainer(streams);
            while (drainer.drainOnce(stream).counted() > 0) {
                Thread.onSpinWait();
            }
        }
        return null;
    }

    private static Void repeatingCollisions(Callable<Void> drain) throws Exception {
        while (true) {
            try {
                return drain.call();
            } catch (SQLException e) {
                assertThat(COLLISIONS).contains(e.getSQLState());
            }
        }
    }

    private static Drainer.Outcome drainOnce(int stream) throws SQLException {
        try (var streams = new BallotStreams(Stores.settings())) {
            return Stores.drainer(streams).drainOnce(stream);
        }
    }
}
