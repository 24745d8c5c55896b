package voting.worker;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static voting.worker.Counted.assertEachCountedOnce;
import static voting.worker.Counted.eventually;

import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.postgresql.PGConnection;

/** One step of the worker counts what voters did, no more and no less. */
@ExtendWith(Stores.class)
class DrainerTest {

    private final BallotStreams streams = new BallotStreams(Stores.settings());
    private final Drainer drainer = Stores.drainer(streams);

    @AfterEach
    void close() {
        streams.close();
    }

    @Test
    void aBallotIsCountedOnce() throws Exception {
        Vote.cast(0, Vote.of(1, "cats"));

        assertThat(drainer.drainOnce(0)).isEqualTo(new Drainer.Outcome(true, 1, 0));
        assertThat(drainer.drainOnce(0)).isEqualTo(new Drainer.Outcome(true, 0, 0));

        assertThat(Counted.tally()).isEqualTo(Map.of("cats", 1L));
        assertEachCountedOnce(List.of(Vote.of(1, "cats")));
    }

    @Test
    void anOptionMayBeCalledNull() throws Exception {
        var drainer = new Drainer(
                streams, new BallotStore(), Stores.worker(), Set.of("null", "cats"), Stores.drainTelemetry());
        Vote.cast(0, Vote.of(1, "null"), Vote.of(2, "cats"));

        assertThat(drainer.drainOnce(0).counted()).isEqualTo(2);

        assertThat(Counted.tally()).isEqualTo(Map.of("null", 1L, "cats", 1L));
    }

    @Test
    void secondVoteReplacesTheFirstAndTheTallyMovesByTheDifference() throws Exception {
        Vote.cast(0, Vote.of(1, "cats"), Vote.of(2, "cats"));
        drainer.drainOnce(0);
        Vote.cast(0, Vote.of(1, "dogs"));
        drainer.drainOnce(0);

        assertThat(Counted.tally()).isEqualTo(Map.of("cats", 1L, "dogs", 1L));
        assertEachCountedOnce(List.of(Vote.of(1, "cats"), Vote.of(2, "cats"), Vote.of(1, "dogs")));
    }

    @Test
    void sameChoiceAgainChangesNothing() throws Exception {
        Vote.cast(0, Vote.of(1, "cats"));
        drainer.drainOnce(0);
        Vote.cast(0, Vote.of(1, "cats"));

        assertThat(drainer.drainOnce(0).counted()).isEqualTo(1);

        assertThat(Counted.tally()).isEqualTo(Map.of("cats", 1L));
        assertEachCountedOnce(List.of(Vote.of(1, "cats"), Vote.of(1, "cats")));
    }

    @Test
    void lastChoiceOfABatchWins() throws Exception {
        var votes = List.of(Vote.of(1, "cats"), Vote.of(2, "dogs"), Vote.of(1, "birds"), Vote.of(1, "dogs"));
        Vote.cast(0, votes.toArray(Vote[]::new));

        assertThat(drainer.drainOnce(0).counted()).isEqualTo(4);

        assertThat(Counted.tally()).isEqualTo(Map.of("dogs", 2L));
        assertEachCountedOnce(votes);
    }

    @Test
    void aVoterWhoReturnsToTheFirstChoiceWithinABatchMovesNothing() throws Exception {
        Vote.cast(0, Vote.of(1, "cats"));
        drainer.drainOnce(0);
        Vote.cast(0, Vote.of(1, "dogs"), Vote.of(1, "cats"));
        drainer.drainOnce(0);

        assertThat(Counted.tally()).isEqualTo(Map.of("cats", 1L));
        assertEachCountedOnce(List.of(Vote.of(1, "cats"), Vote.of(1, "dogs"), Vote.of(1, "cats")));
    }

    @Test
    void aStepTakesAtMostOneBatchAndTheNextGoesOnBehindIt() throws Exception {
        var votes = new ArrayList<Vote>();
        for (int voter = 0; voter < Drainer.BATCH_LIMIT; voter++) {
            votes.add(Vote.of(voter, "cats"));
        }
        votes.add(Vote.of(Drainer.BATCH_LIMIT - 1, "dogs"));
        votes.add(Vote.of(0, "birds"));
        Vote.cast(0, votes.toArray(Vote[]::new));

        assertThat(drainer.drainOnce(0).counted()).isEqualTo(Drainer.BATCH_LIMIT);
        eventually().until(() -> Counted.length(0) == 2);
        assertThat(drainer.drainOnce(0).counted()).isEqualTo(2);

        assertThat(Counted.tally()).isEqualTo(Map.of("cats", Drainer.BATCH_LIMIT - 2L, "dogs", 1L, "birds", 1L));
        assertEachCountedOnce(votes);
    }

    @Test
    void aVoterWhoComesThroughAnotherStreamIsStillOneVoter() throws Exception {
        Vote.cast(0, Vote.of(1, "cats"));
        drainer.drainOnce(0);
        Vote.cast(1, Vote.of(1, "dogs"));
        drainer.drainOnce(1);

        assertThat(Counted.tally()).isEqualTo(Map.of("dogs", 1L));
        assertEachCountedOnce(List.of(Vote.of(1, "cats"), Vote.of(1, "dogs")));
    }

    @Test
    void ballotsArePutIntoTheMinuteOfTheirAcceptance() throws Exception {
        var minute = Instant.parse("2026-03-01T12:00:00Z");
        castAt(minute, 1, "cats");
        castAt(minute.plusMillis(59_999), 2, "cats");
        castAt(minute.plusSeconds(60), 1, "dogs"); // a changed mind is a vote of its minute too
        castAt(minute.plusSeconds(3_600), 3, "dogs");
        Vote.of(4, "cats").castAs(minute.plusSeconds(61).toEpochMilli() + "-0", 1);

        drainer.drainOnce(0);
        drainer.drainOnce(1);

        assertThat(Counted.ballotsPerMinute())
                .isEqualTo(Map.of(minute, 2L, minute.plusSeconds(60), 2L, minute.plusSeconds(3_600), 1L));
    }

    @Test
    void laterBatchesOfAMinuteAreAddedToIt() throws Exception {
        var minute = Instant.parse("2026-03-01T12:00:00Z");
        castAt(minute, 1, "cats");
        drainer.drainOnce(0);
        castAt(minute.plusSeconds(1), 2, "cats");
        castAt(minute.plusSeconds(2), 3, "cats");
        drainer.drainOnce(0);

        assertThat(Counted.ballotsPerMinute()).isEqualTo(Map.of(minute, 3L));
    }

    @Test
    void aBallotFromTheFutureIsPutIntoThePresentMinute() throws Exception {
        castAt(Instant.now().plus(365, ChronoUnit.DAYS), 1, "cats");

        var before = Instant.now().truncatedTo(ChronoUnit.MINUTES);
        drainer.drainOnce(0);
        var after = Instant.now().truncatedTo(ChronoUnit.MINUTES);

        assertThat(Counted.ballotsPerMinute()).isIn(Map.of(before, 1L), Map.of(after, 1L));
    }

    @Test
    void theResultServiceIsToldOfEachBatchAfterItsCommit() throws Exception {
        try (var connection = Stores.role("result", Stores.RESULT_PASSWORD).getConnection();
                var statement = connection.createStatement()) {
            statement.execute("listen tally");
            drainer.drainOnce(0);
            assertThat(connection.unwrap(PGConnection.class).getNotifications(1))
                    .isNullOrEmpty();

            var before = Instant.now().truncatedTo(ChronoUnit.MILLIS);
            Vote.cast(0, Vote.of(1, "cats"));
            drainer.drainOnce(0);

            var notifications = connection.unwrap(PGConnection.class).getNotifications((int) SECONDS.toMillis(5));
            assertThat(notifications).singleElement().satisfies(notification -> {
                assertThat(notification.getName()).isEqualTo("tally");
                assertThat(Instant.ofEpochMilli(Long.parseLong(notification.getParameter())))
                        .isBetween(before, Instant.now());
            });
            try (var row = statement.executeQuery("select votes from tally where choice = 'cats'")) {
                assertThat(row.next()).isTrue();
                assertThat(row.getLong(1)).isEqualTo(1);
            }
        }
    }

    @Test
    void aStreamWithoutAPositionRowIsNotTouched() throws SQLException {
        Vote.cast(9, Vote.of(1, "cats"));

        assertThat(drainer.drainOnce(9).held()).isFalse();

        assertThat(Counted.length(9)).isEqualTo(1);
        assertThat(Counted.ballots()).isEmpty();
    }

    private static void castAt(Instant time, int voter, String choice) {
        Vote.of(voter, choice).castAs(time.toEpochMilli() + "-" + voter, 0);
    }
}
