package voting.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.exceptions.JedisException;
import voting.load.VoteLog.Outcome;
import voting.local.Ports;

/** The system on a master with a replica, watched by three Sentinels: the master dies, or only stalls. */
class RedisSentinelIT {

    /** Not "redis-sentinel…": a server that finds that in its path becomes a Sentinel. */
    private static final Path DIRECTORY = Path.of("target", "sentinel-it").toAbsolutePath();

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final String SENTINEL = """
            sentinel monitor ballots 127.0.0.1 %d 2
            sentinel auth-pass ballots %s
            sentinel down-after-milliseconds ballots 1000
            sentinel failover-timeout ballots 5000
            """;

    private RedisProcess master;
    private RedisProcess replica;
    private List<RedisProcess> sentinels;
    private Election election;

    @BeforeEach
    void start() throws Exception {
        LocalStage.delete(DIRECTORY);
        master = RedisProcess.server(DIRECTORY.resolve("master"), Ports.free());
        replica = RedisProcess.server(
                DIRECTORY.resolve("replica"),
                Ports.free(),
                "--replicaof",
                "127.0.0.1",
                String.valueOf(master.address().getPort()));
        sentinels = IntStream.range(0, 3)
                .mapToObj(number -> RedisProcess.sentinel(
                        DIRECTORY.resolve("sentinel-" + number),
                        SENTINEL.formatted(master.address().getPort(), RedisProcess.PASSWORD)))
                .toList();
        master.start();
        replica.start();
        sentinels.forEach(RedisProcess::start);
        election = new Election(
                DIRECTORY.resolve("system"),
                Map.of(
                        "REDIS_SENTINEL_NODES",
                        sentinels.stream()
                                .map(sentinel -> sentinel.address().toString())
                                .collect(Collectors.joining(",")),
                        "REDIS_SENTINEL_MASTER",
                        "ballots",
                        "REDIS_WAIT_REPLICAS",
                        "1"));
        election.begin();
    }

    @AfterEach
    void stop() {
        sentinels.forEach(RedisProcess::close);
        replica.close();
        master.close();
        election.close();
    }

    @Test
    void masterThatIsKilledUnderLoadIsReplacedAndTakesNoAcknowledgedVoteWithIt() throws Exception {
        election.gatherCrowd();

        master.kill();
        await().atMost(PATIENCE).until(this::isReplaced);
        master.start();
        await().atMost(PATIENCE).ignoreExceptions().until(this::formerMasterFollows);
        election.awaitMore(Outcome.ACKNOWLEDGED);
        election.crowdGoesHome();

        var verdict = election.verdict(this::isDrained);
        assertThat(verdict.passed()).as(verdict.toString()).isTrue();
        assertThat(election.count(Outcome.UNCONFIRMED)).isPositive();
    }

    /** One worker stalls with it, and wakes up connected to what was the master. */
    @Test
    void masterThatStalledUntilItWasReplacedGivesNobodyAnOlderChoiceBack() throws Exception {
        election.restartVote(Map.of("REDIS_WAIT_REPLICAS", "0")); // the new master has no replica meanwhile
        var voter = UUID.randomUUID();
        var stream = Election.name(Election.streamOf(voter));
        election.pauseWorker();
        assertThat(election.cast(voter, "cats")).isTrue();
        await().atMost(PATIENCE).until(() -> !isDrained(stream));
        master.pause();
        await().atMost(PATIENCE).until(this::isReplaced);

        election.startAnotherWorker();
        await().atMost(PATIENCE).until(() -> election.cast(voter, "dogs"));
        await().atMost(PATIENCE).until(() -> isDrained(stream));
        master.resume();
        election.resumeWorker();
        await().atMost(PATIENCE).until(this::isFormerMasterDemoted);

        var verdict = election.verdict(this::isDrained);
        assertThat(verdict.passed()).as(verdict.toString()).isTrue();
    }

    private boolean isReplaced() {
        return hasRole(replica, "master");
    }

    /** As the Sentinels would tell it to, only sooner. */
    private boolean formerMasterFollows() {
        try (var former = master.connect()) {
            return former.replicaof("127.0.0.1", replica.address().getPort()).equals("OK");
        }
    }

    /** By the Sentinels; until then it takes itself for the master. */
    private boolean isFormerMasterDemoted() {
        return hasRole(master, "slave");
    }

    /** A Sentinel that changes it closes all connections, this one as well. */
    private static boolean hasRole(RedisProcess server, String role) {
        try (var connection = server.connect()) {
            return connection.info("replication").contains("role:" + role);
        } catch (JedisException e) {
            return false;
        }
    }

    private boolean isDrained(String stream) {
        try (var connection = replica.connect()) {
            return Election.isEmpty(connection, stream);
        } catch (JedisException e) {
            return false;
        }
    }
}
