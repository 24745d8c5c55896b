package voting.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static voting.worker.Counted.assertEachCountedOnce;
import static voting.worker.Counted.eventually;
import static voting.worker.Drainer.BATCH_LIMIT;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import redis.clients.jedis.exceptions.JedisConnectionException;

/** Batches that are read while the one before is being stored are the ones that follow it, or are read again. */
@ExtendWith(Stores.class)
class ReadAheadTest {

    /** Two full batches and a rest; in the rest, voters of the first batch change their mind. */
    private final List<Vote> votes = new ArrayList<>();

    private final AtomicInteger reads = new AtomicInteger();

    @BeforeEach
    void castThreeBatches() {
        for (int voter = 0; voter < 2 * BATCH_LIMIT; voter++) {
            votes.add(Vote.of(voter, "cats"));
        }
        for (int voter = 0; voter < 100; voter++) {
            votes.add(Vote.of(voter, "dogs"));
        }
        Vote.cast(0, votes.toArray(Vote[]::new));
    }

    @Test
    void eachEntryIsReadOnceWhenNobodyInterferes() throws SQLException {
        try (var streams = new CountingStreams()) {
            var drainer = Stores.drainer(streams);

            assertThat(drainer.drainOnce(0).full()).isTrue();
            assertThat(drainer.drainOnce(0).full()).isTrue();
            assertThat(drainer.drainOnce(0)).isEqualTo(new Drainer.Outcome(true, 100, 0));

            assertThat(reads).hasValue(1 + 3); // the first contact is read twice
        }
        assertAllCountedOnce();
    }

    @Test
    void batchThatAnotherWorkerTookIsNotCountedAgain() throws SQLException {
        try (var streams = new CountingStreams();
                var othersStreams = new CountingStreams()) {
            var drainer = Stores.drainer(streams);
            var other = Stores.drainer(othersStreams);

            assertThat(drainer.drainOnce(0).full()).isTrue();
            eventually().until(() -> reads.get() == 3);
            assertThat(other.drainOnce(0).full()).isTrue();
            assertThat(drainer.drainOnce(0)).isEqualTo(new Drainer.Outcome(true, 100, 0));
        }
        assertAllCountedOnce();
    }

    @Test
    void readThatFailedIsRepeated() throws SQLException {
        try (var streams = new CountingStreams() {
            @Override
            Contents read(int stream, String position, int limit) {
                var contents = super.read(stream, position, limit);
                if (reads.get() == 3) {
                    throw new JedisConnectionException("connection lost");
                }
                return contents;
            }
        }) {
            var drainer = Stores.drainer(streams);

            assertThat(drainer.drainOnce(0).full()).isTrue();
            assertThat(drainer.drainOnce(0).full()).isTrue();
            assertThat(drainer.drainOnce(0)).isEqualTo(new Drainer.Outcome(true, 100, 0));
        }
        assertAllCountedOnce();
    }

    @Test
    void entriesThatWereNotTrimmedAreTrimmedOnceTheStreamIsRead() throws SQLException {
        try (var streams = new CountingStreams() {
            @Override
            void trimThrough(int stream, Position position) {
                if (position.entriesRead() == BATCH_LIMIT || position.entriesRead() == 2 * BATCH_LIMIT) {
                    throw new JedisConnectionException("connection lost");
                }
                super.trimThrough(stream, position);
            }
        }) {
            var drainer = Stores.drainer(streams);
            drainer.drainOnce(0);
            drainer.drainOnce(0);
            drainer.drainOnce(0);
        }
        assertAllCountedOnce();
    }

    private void assertAllCountedOnce() {
        assertEachCountedOnce(votes);
        assertThat(Counted.ballotsOfAllMinutes()).isEqualTo(votes.size());
        eventually().until(() -> Counted.length(0) == 0);
    }

    private class CountingStreams extends BallotStreams {

        CountingStreams() {
            super(Stores.settings());
        }

        @Override
        Contents read(int stream, String position, int limit) {
            reads.incrementAndGet();
            return super.read(stream, position, limit);
        }
    }
}
