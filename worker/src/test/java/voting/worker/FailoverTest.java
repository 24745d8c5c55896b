package voting.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static voting.worker.Counted.eventually;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.XAddParams;
import redis.embedded.RedisSentinel;
import redis.embedded.RedisServer;
import redis.embedded.core.ExecutableProvider;

/** A replica takes over that lacks what its master had last, and whose clock is late: its ids fall behind the position. */
@ExtendWith(Stores.class)
class FailoverTest {

    private static final Path DIRECTORY = Path.of("target", "failover").toAbsolutePath();

    private final int replicaPort = Stores.freePort();
    private final int sentinelPort = Stores.freePort();
    private RedisServer replica;
    private RedisSentinel sentinel;
    private BallotStreams streams;
    private Drainer drainer;

    @BeforeEach
    void start() throws Exception {
        Files.createDirectories(DIRECTORY);
        replica = RedisServer.newRedisServer()
                .executableProvider(ExecutableProvider.newJarResourceProvider(DIRECTORY.toFile()))
                .bind(Stores.HOST)
                .port(replicaPort)
                .slaveOf(Stores.HOST, Stores.redisPort())
                .setting("save \"\"")
                .soutListener(ignored -> {})
                .build();
        replica.start();
        sentinel = RedisSentinel.newRedisSentinel()
                .executableProvider(ExecutableProvider.newJarResourceProvider(DIRECTORY.toFile()))
                .bind(Stores.HOST)
                .port(sentinelPort)
                .masterName("ballots")
                .masterPort(Stores.redisPort())
                .quorumSize(1)
                .soutListener(ignored -> {})
                .build();
        sentinel.start();
        streams = new BallotStreams(settings());
        drainer = Stores.drainer(streams);
    }

    @AfterEach
    void stop() throws Exception {
        streams.close();
        sentinel.stop();
        replica.stop();
    }

    @Test
    void entriesWithIdsFromBeforeThePositionAreCounted() throws Exception {
        Vote.of(1, "cats").castAs("5-0", 0);
        drainer.drainOnce(0);
        awaitReplica("5-0");
        loseReplica();
        Vote.of(2, "cats").castAs("7-0", 0);
        drainer.drainOnce(0);

        takeOver();
        castOnReplica(3, "6-0");
        castOnReplica(4, "8-0");
        drainer.drainOnce(0);

        assertThat(Counted.tally()).isEqualTo(Map.of("cats", 2L, "dogs", 2L)).isEqualTo(Counted.recount());
    }

    @Test
    void entriesOfTheNewMasterAreNotTrimmedWithABatchOfTheOldOne() throws Exception {
        Vote.of(1, "cats").castAs("5-0", 0);
        drainer.drainOnce(0);
        awaitReplica("5-0");
        loseReplica();
        Vote.of(2, "cats").castAs("7-0", 0);
        var position = drainWithoutTrim();

        takeOver();
        castOnReplica(3, "6-0");
        streams.trimThrough(0, position);
        drainer.drainOnce(0);

        assertThat(Counted.ballots()).containsOnlyKeys(Vote.voter(1), Vote.voter(2), Vote.voter(3));
        assertThat(Counted.tally()).isEqualTo(Counted.recount());
    }

    @Test
    void aFormerMasterThatOnlyStalledBringsNoOlderChoiceBack() throws Exception {
        drainer.drainOnce(0); // over a connection that the stall does not end
        Vote.of(1, "cats").castAs("5-0", 0);
        awaitReplica("5-0");
        loseReplica();
        sentinelNamesTheReplica();
        try (var others = new BallotStreams(settings())) {
            var other = Stores.drainer(others);
            other.drainOnce(0);
            castOnReplica(1, "6-0");
            other.drainOnce(0);
        }

        assertThat(drainer.drainOnce(0).counted()).isZero();

        assertThat(Counted.tally()).isEqualTo(Map.of("dogs", 1L)).isEqualTo(Counted.recount());
    }

    @Test
    void aMasterThatRefusesIsLeftForItsSuccessor() {
        streams.awaitEntries(1);
        loseReplica();
        castOnReplica(1, "5-0");
        try (var redis = Stores.redis()) {
            redis.set(Vote.name(0), "what it cannot answer for");
        }
        sentinelNamesTheReplica();

        assertThatThrownBy(() -> streams.awaitEntries(1)).isInstanceOf(JedisDataException.class);
        assertThat(streams.awaitEntries(1)).containsExactly(0);
    }

    private WorkerSettings settings() {
        return new WorkerSettings(
                Stores.settings().poll(),
                Stores.settings().vote(),
                new WorkerSettings.Redis("", 6379, "", "", Stores.HOST + ":" + sentinelPort, "ballots"));
    }

    private Position drainWithoutTrim() throws Exception {
        var contents = streams.read(0, "5-0", 10);
        var position = new Position("7-0", contents.origin(), 2, 0);
        try (var connection = Stores.worker().getConnection()) {
            var store = new BallotStore();
            store.lockPosition(connection, 0);
            store.save(
                    connection,
                    0,
                    Batch.of(
                            contents.entries(),
                            Stores.settings().poll().options().ids(),
                            Instant.now()));
            store.savePosition(connection, 0, position);
            connection.commit();
        }
        return position;
    }

    private void awaitReplica(String entryId) {
        try (var jedis = replica()) {
            eventually()
                    .ignoreExceptions()
                    .until(() -> jedis.xinfoStream(Vote.name(0))
                            .getLastGeneratedId()
                            .toString()
                            .equals(entryId));
        }
    }

    /** From now on it hears nothing of its master. */
    private void loseReplica() {
        try (var jedis = replica()) {
            jedis.replicaofNoOne();
        }
    }

    private void takeOver() {
        sentinelNamesTheReplica();
        streams.close(); // the former master is dead
    }

    private void sentinelNamesTheReplica() {
        try (var jedis = new Jedis(Stores.HOST, sentinelPort)) {
            jedis.sentinelRemove("ballots");
            jedis.sentinelMonitor("ballots", Stores.HOST, replicaPort, 1);
        }
    }

    private void castOnReplica(int voter, String entryId) {
        try (var jedis = replica()) {
            jedis.xadd(
                    Vote.name(0),
                    Map.of("ballot_id", Vote.voter(voter).toString(), "choice", "dogs"),
                    XAddParams.xAddParams().id(entryId));
        }
    }

    private Jedis replica() {
        return new Jedis(Stores.HOST, replicaPort);
    }
}
