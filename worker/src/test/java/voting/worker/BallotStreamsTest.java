package voting.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static voting.worker.Counted.eventually;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisException;

/** Redis' streams as the worker uses them: waiting, reading in order, trimming. */
@ExtendWith(Stores.class)
class BallotStreamsTest {

    private final BallotStreams streams = new BallotStreams(Stores.settings());

    @AfterEach
    void close() {
        streams.close();
    }

    @Test
    void waitingNamesTheStreamsThatHoldEntries() {
        Vote.cast(3, Vote.of(1, "cats"), Vote.of(2, "cats"));
        Vote.cast(1, Vote.of(3, "cats"));

        assertThat(streams.awaitEntries(1_000)).containsExactlyInAnyOrder(1, 3);
    }

    @Test
    void waitingEndsAsSoonAsAnEntryComes() throws Exception {
        try (var thread = Executors.newSingleThreadExecutor()) {
            var waiting = thread.submit(() -> {
                var began = System.nanoTime();
                return new Answer(streams.awaitEntries(4_500), Duration.ofNanos(System.nanoTime() - began));
            });
            try (var redis = Stores.redis()) {
                eventually().until(() -> redis.info("clients").contains("blocked_clients:1"));
            }
            Vote.cast(2, Vote.of(1, "cats"));

            assertThat(waiting.get().streams()).containsExactly(2);
            assertThat(waiting.get().after()).isLessThan(Duration.ofMillis(4_000));
        }
    }

    @Test
    void waitingEndsWithinTheBlockTimeWhenNoneComes() {
        var began = System.nanoTime();

        assertThat(streams.awaitEntries(100)).isEmpty();

        assertThat(Duration.ofNanos(System.nanoTime() - began))
                .isBetween(Duration.ofMillis(90), Duration.ofMillis(4_000));
    }

    @Test
    void entriesAreReadInOrderFromBehindAPosition() {
        for (var id : List.of("7-3", "7-4", "8-0", "9-0")) {
            Vote.of(1, "cats").castAs(id, 0);
        }

        assertThat(streams.read(0, "7-3", 2).entries())
                .extracting(StreamEntry::id)
                .containsExactly("7-4", "8-0");
        assertThat(streams.read(0, "9-0", 2).entries()).isEmpty();
        assertThat(streams.read(1, "0-0", 2).entries()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "5-18446744073709551615, 6-0",
        "5-18446744073709551614, 5-18446744073709551615",
        "5-9223372036854775807, 5-9223372036854775808",
        "9223372036854775807-18446744073709551615, 9223372036854775808-0",
        "18446744073709551614-18446744073709551615, 18446744073709551615-0",
    })
    void trimmingRemovesThePositionAndNotTheNextPossibleEntry(String position, String next) {
        Vote.of(1, "cats").castAs("4-1", 0);
        Vote.of(1, "cats").castAs(position, 0);
        Vote.of(1, "cats").castAs(next, 0);

        streams.trimThrough(0, new Position(position, null, 2, 0));
        streams.trimThrough(0, new Position(position, null, 2, 0));

        assertThat(streams.read(0, "0-0", 10).entries())
                .extracting(StreamEntry::id)
                .containsExactly(next);
    }

    @Test
    void aKeyOfAnotherTypeIsAnOutageThatNamesTheTrouble() {
        try (var redis = Stores.redis()) {
            redis.set(Vote.name(0), "x");
        }

        assertThatThrownBy(() -> streams.awaitEntries(10))
                .isInstanceOf(JedisException.class)
                .hasMessageContaining("WRONGTYPE");
        assertThatThrownBy(() -> streams.read(0, "0-0", 10)).isInstanceOf(JedisException.class);
        assertThat(streams.read(1, "0-0", 10).entries()).isEmpty();
    }

    @Test
    void aBrokenConnectionIsReplacedAtTheNextCall() {
        Vote.cast(0, Vote.of(1, "cats"));
        assertThat(streams.awaitEntries(10)).containsExactly(0);
        try (var redis = Stores.redis()) {
            redis.clientKill(redis.clientList()
                    .lines()
                    .filter(client -> client.contains("cmd=xread"))
                    .map(client -> client.replaceFirst(".* addr=(\\S+) .*", "$1"))
                    .findFirst()
                    .orElseThrow());
        }

        assertThatThrownBy(() -> streams.awaitEntries(10)).isInstanceOf(JedisConnectionException.class);
        assertThat(streams.awaitEntries(10)).containsExactly(0);
    }

    @Test
    void thePasswordIsUsed() {
        try (var redis = Stores.redis();
                var withPassword = new BallotStreams(Stores.settings(Stores.STREAMS, "s3cret"))) {
            redis.configSet("requirepass", "s3cret");
            try {
                assertThat(withPassword.awaitEntries(1)).isEmpty();
                assertThatThrownBy(() -> streams.awaitEntries(1)).hasMessageContaining("auth");
            } finally {
                redis.configSet("requirepass", "");
            }
        }
    }

    @Test
    void aRedisThatIsNoClusterIsNotTakenForOne() {
        var node = Stores.HOST + ":" + Stores.redisPort();
        var cluster = BallotStreams.all(new WorkerSettings(
                Stores.settings().poll(),
                Stores.settings().vote(),
                new WorkerSettings.Redis("", 6379, "", node, "", "mymaster")));

        assertThat(cluster)
                .hasSize(Stores.STREAMS + 1)
                .allSatisfy(each -> assertThatThrownBy(() -> each.awaitEntries(1))
                        .isInstanceOf(JedisException.class)
                        .hasMessage(node + " is not in cluster mode"));
    }

    private record Answer(List<Integer> streams, Duration after) {}
}
