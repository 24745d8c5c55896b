package voting.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static voting.worker.Counted.assertEachCountedOnce;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A worker may die at each step of {@link Drainer#drainOnce}: every ballot is counted exactly once. */
@ExtendWith(Stores.class)
class DrainerCrashTest {

    private static final int BATCH = 10;

    /** Where the worker dies; the ones from COMMITTED_ANSWER_LOST on die with a batch counted. */
    enum Step {
        READ,
        SAVED,
        BEFORE_COMMIT,
        COMMITTED_ANSWER_LOST,
        BEFORE_TRIM,
        TRIMMED;

        boolean isCommitted() {
            return compareTo(COMMITTED_ANSWER_LOST) >= 0;
        }

        boolean isTrimmed() {
            return this == TRIMMED;
        }
    }

    private static final class Crash extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    private final Set<String> options = Stores.settings().poll().options().ids();

    @ParameterizedTest
    @EnumSource
    void crashAtAnyStepCountsEachBallotOnce(Step step) throws Exception {
        var votes = Vote.restless(20, 7 * BATCH);
        Vote.cast(0, votes.toArray(Vote[]::new));
        drainWithoutCrash(1); // so that what comes is not the first batch of the stream

        // Three workers in a row die at the same step, and each leaves either a whole batch behind or nothing.
        for (int crashes = 1; crashes <= 3; crashes++) {
            assertThatThrownBy(() -> drainAndCrash(step)).isInstanceOfAny(Crash.class, SQLException.class);

            var committed = BATCH * (step.isCommitted() ? 1 + crashes : 1);
            assertThat(Counted.ballotsOfAllMinutes()).isEqualTo(committed);
            assertThat(Counted.tally()).isEqualTo(Counted.recount());
            assertThat(Counted.length(0)).isEqualTo(7 * BATCH - expectedTrimmed(step, committed));
        }
        drainWithoutCrash(7);

        assertEachCountedOnce(votes);
    }

    @ParameterizedTest
    @EnumSource
    void crashAtAnyStepOfTheLastBatchLeavesNothingBehind(Step step) throws Exception {
        var votes = Vote.restless(5, BATCH);
        Vote.cast(0, votes.toArray(Vote[]::new));

        assertThatThrownBy(() -> drainAndCrash(step)).isInstanceOfAny(Crash.class, SQLException.class);
        drainWithoutCrash(1);

        assertEachCountedOnce(votes);
    }

    @ParameterizedTest
    @EnumSource
    void rejectedEntriesAreKeptOnceWhereverTheWorkerDies(Step step) throws Exception {
        drainWithoutCrash(1); // the first contact with a stream is a commit of its own
        Vote.cast(0, Vote.of(1, "cats"));
        Vote.castRaw("*", 0, "nonsense".getBytes(StandardCharsets.UTF_8), new byte[] {0});
        Vote.cast(0, Vote.of(1, "dogs"));

        assertThatThrownBy(() -> drainAndCrash(step)).isInstanceOfAny(Crash.class, SQLException.class);
        assertThat(Counted.rejected()).hasSize(step.isCommitted() ? 1 : 0);
        drainWithoutCrash(1);

        assertThat(Counted.rejected()).hasSize(1);
        assertEachCountedOnce(List.of(Vote.of(1, "cats"), Vote.of(1, "dogs")));
    }

    @Test
    void aFailedTrimIsMadeUpForByTheNextStep() throws Exception {
        Vote.cast(0, Vote.of(1, "cats"));
        assertThatThrownBy(() -> drainAndCrash(Step.BEFORE_TRIM)).isInstanceOf(Crash.class);
        Vote.cast(0, Vote.of(2, "dogs"));

        drainWithoutCrash(1);

        assertEachCountedOnce(List.of(Vote.of(1, "cats"), Vote.of(2, "dogs")));
    }

    /** Of a batch that died between commit and trim, the entries are still there until a later batch is trimmed. */
    private static int expectedTrimmed(Step step, int committed) {
        return step.isCommitted() && !step.isTrimmed() ? BATCH : committed;
    }

    private void drainWithoutCrash(int steps) throws SQLException {
        try (var streams = new BallotStreams(Stores.settings()) {
            @Override
            Contents read(int stream, String position, int limit) {
                return super.read(stream, position, BATCH);
            }
        }) {
            var drainer = new Drainer(streams, new BallotStore(), Stores.worker(), options, Stores.drainTelemetry());
            for (int i = 0; i < steps; i++) {
                drainer.drainOnce(0);
            }
        }
    }

    private void drainAndCrash(Step step) throws SQLException {
        var streams = new BallotStreams(Stores.settings()) {
            @Override
            Contents read(int stream, String position, int limit) {
                var contents = super.read(stream, position, BATCH);
                crashIf(step == Step.READ);
                return contents;
            }

            @Override
            void trimThrough(int stream, Position position) {
                crashIf(step == Step.BEFORE_TRIM);
                super.trimThrough(stream, position);
                crashIf(step == Step.TRIMMED);
            }
        };
        var store = new BallotStore() {
            @Override
            int save(Connection connection, int stream, Batch batch) throws SQLException {
                var changed = super.save(connection, stream, batch);
                crashIf(step == Step.SAVED);
                return changed;
            }
        };
        var faults = new Faults() {
            @Override
            void beforeCommit() {
                crashIf(step == Step.BEFORE_COMMIT);
            }

            @Override
            void afterCommit() throws SQLException {
                if (step == Step.COMMITTED_ANSWER_LOST) {
                    throw new SQLException("An I/O error occurred while sending to the backend.", "08006");
                }
            }
        };
        try (streams) {
            new Drainer(streams, store, faults.dataSource(), options, Stores.drainTelemetry()).drainOnce(0);
        }
    }

    private static void crashIf(boolean here) {
        if (here) {
            throw new Crash();
        }
    }
}
