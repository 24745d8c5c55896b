package voting.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What is left to do is known, whoever drains, and whichever store is away. */
@ExtendWith(Stores.class)
class BacklogTest {

    private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    private final Backlog backlog = new Backlog(Stores.settings(), Stores.worker(), metrics);

    @AfterEach
    void close() {
        backlog.close();
    }

    @Test
    void nothingIsKnownBeforeTheFirstLook() {
        assertThat(gauge("streams.length")).isNaN();
    }

    @Test
    void emptyStreamsAreNoBacklog() {
        backlog.read();

        assertThat(gauge("streams.length")).isZero();
        assertThat(gauge("streams.oldest.entry.age")).isZero();
        assertThat(gauge("streams.position.lag")).isZero();
    }

    @Test
    void waitingBallotsOfAllStreamsAreCountedAndTheOldestTellsTheAge() {
        try (var redis = Stores.redis()) {
            var hourAgo = Long.parseLong(redis.time().getFirst()) * 1_000 - 3_600_000;
            Vote.of(1, "cats").castAs(hourAgo + "-0", 0);
        }
        Vote.cast(0, Vote.of(2, "cats"));
        Vote.cast(1, Vote.of(3, "dogs"));

        backlog.read();

        assertThat(gauge("streams.length")).isEqualTo(3);
        assertThat(gauge("streams.position.lag")).isEqualTo(3);
        assertThat(gauge("streams.oldest.entry.age")).isBetween(3_599.0, 3_660.0);
    }

    @Test
    void countedEntriesThatAreNotTrimmedAreLengthButNoLag() throws SQLException {
        Vote.cast(0, Vote.of(1, "cats"), Vote.of(2, "cats"));
        var forgetful = new BallotStreams(Stores.settings()) {
            @Override
            void trimThrough(int stream, Position position) {}
        };
        try (forgetful) {
            Stores.drainer(forgetful).drainOnce(0);
        }
        Vote.cast(0, Vote.of(3, "dogs"));

        backlog.read();

        assertThat(gauge("streams.length")).isEqualTo(3);
        assertThat(gauge("streams.position.lag")).isEqualTo(1);
        assertThat(backlog.acceptedToday()).isEqualTo(3);
    }

    @Test
    void withoutPostgresTheStreamsAreStillWatched() throws IOException {
        Vote.cast(0, Vote.of(1, "cats"));
        Stores.stopPostgres();

        backlog.read();

        assertThat(gauge("streams.length")).isEqualTo(1);
        assertThat(gauge("streams.position.lag")).isNaN();
    }

    @Test
    void withoutRedisNothingIsKnown() throws IOException {
        backlog.read();
        Stores.stopRedis();

        backlog.read();

        assertThat(backlog.acceptedToday()).isNull();
        assertThat(gauge("streams.length")).isNaN();
        assertThat(gauge("streams.oldest.entry.age")).isNaN();
        assertThat(gauge("streams.position.lag")).isNaN();
    }

    private double gauge(String name) {
        return metrics.get(name).gauge().value();
    }
}
