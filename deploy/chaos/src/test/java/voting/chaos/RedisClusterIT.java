package voting.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.params.XAddParams;
import voting.load.VoteLog.Outcome;

/** The system on a Redis Cluster of three masters and three replicas: streams move, masters die. */
class RedisClusterIT {

    private static final Path DIRECTORY = Path.of("target", "redis-cluster-it").toAbsolutePath();
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static RedisCluster cluster;
    private static Election election;

    @BeforeAll
    static void start() {
        LocalStage.delete(DIRECTORY);
        cluster = new RedisCluster(DIRECTORY.resolve("cluster"));
        election = new Election(
                DIRECTORY.resolve("system"),
                Map.of("REDIS_CLUSTER_NODES", cluster.addresses(), "REDIS_WAIT_REPLICAS", "1"));
    }

    @AfterAll
    static void stop() {
        cluster.close();
        election.close();
    }

    @BeforeEach
    void begin() throws Exception {
        cluster.resumeReplication();
        election.begin();
    }

    @Test
    void streamThatMovesToAnotherNodeUnderLoadLosesNothingAndRefusesNobody() throws Exception {
        var moving = Election.name(0);
        var from = cluster.masterOf(moving);
        var to = Stream.of(1, 2, 3)
                .map(Election::name)
                .map(cluster::masterOf)
                .filter(node -> node != from)
                .findFirst()
                .orElseThrow();
        election.gatherCrowd();

        cluster.beginMove(moving, from, to);
        // Half-way, when the old node sends everybody on to the new one, votes are taken and counted.
        election.awaitMore(Outcome.ACKNOWLEDGED);
        var position = election.positionOf(0);
        await().atMost(PATIENCE).until(() -> !election.positionOf(0).equals(position));
        cluster.endMove(moving, from, to);
        election.awaitMore(Outcome.ACKNOWLEDGED);
        election.crowdGoesHome();

        assertThat(election.verdict(RedisClusterIT::isDrained).passed()).isTrue();
        assertThat(election.count(Outcome.UNCONFIRMED)).isZero();
        assertThat(cluster.masterOf(moving)).isEqualTo(to);
    }

    @Test
    void masterThatIsKilledTakesNoVoteWithItThatAReplicaHadToConfirm() throws Exception {
        var stream = Election.name(3);
        var victim = cluster.masterOf(stream);
        election.gatherCrowd();
        election.pauseWorker();
        cluster.stopReplicationOf(victim);
        election.awaitMore(Outcome.UNCONFIRMED);

        cluster.node(victim).kill();
        var acknowledged = election.count(Outcome.ACKNOWLEDGED);
        awaitPromotion(stream, victim);
        assertThat(election.count(Outcome.ACKNOWLEDGED))
                .as("votes for the streams of other nodes")
                .isGreaterThan(acknowledged);
        repair(victim);
        election.awaitMore(Outcome.ACKNOWLEDGED);
        election.resumeWorker();
        election.crowdGoesHome();

        var verdict = election.verdict(RedisClusterIT::isDrained);
        assertThat(verdict.passed()).as(verdict.toString()).isTrue();
    }

    @Test
    void withoutWaitingForReplicasExactlyTheVotesThatOnlyTheKilledMasterHadAreReportedAsLost() throws Exception {
        election.restartVote(Map.of("REDIS_WAIT_REPLICAS", "0"));
        var stream = Election.name(3);
        var victim = cluster.masterOf(stream);
        castAll(100);
        election.pauseWorker();
        cluster.stopReplicationOf(victim);
        var doomed = castAll(60).stream()
                .filter(voter -> cluster.masterOf(Election.name(Election.streamOf(voter))) == victim)
                .toList();

        cluster.node(victim).kill();
        awaitPromotion(stream, victim);
        repair(victim);
        await().atMost(PATIENCE).until(() -> election.cast(voterOf(3)));
        castAll(40);
        election.resumeWorker();

        var verdict = election.verdict(RedisClusterIT::isDrained);
        assertThat(doomed).isNotEmpty();
        assertThat(verdict.lost()).isEqualTo(doomed.size());
        assertThat(verdict.doubled() + verdict.phantom() + verdict.wrongChoice())
                .isZero();
        assertThat(verdict.tallyDrift()).isEmpty();
        election.restartVote(Map.of());
    }

    @Test
    void workerIsNotReadyAndSaysWhyWhenItHasFewerStreamsThanVote() throws Exception {
        var beyond = Election.name(Election.STREAMS);
        try (var redis = cluster.connect(cluster.masterOf(beyond))) {
            redis.xadd(beyond, Map.of("ballot_id", UUID.randomUUID().toString(), "choice", "dogs"), new XAddParams());
            await().atMost(PATIENCE)
                    .until(() -> election.workerReadiness().body().contains("VOTE_STREAMS is 4 here"));
            assertThat(election.workerReadiness().statusCode()).isEqualTo(503);
            redis.del(beyond);
        }
        await().atMost(PATIENCE).until(() -> election.workerReadiness().statusCode() == 200);
    }

    /** Of so many new voters; all are acknowledged. */
    private static List<UUID> castAll(int count) throws Exception {
        var voters = Stream.generate(UUID::randomUUID).limit(count).toList();
        for (var voter : voters) {
            assertThat(election.cast(voter)).isTrue();
        }
        return voters;
    }

    private static UUID voterOf(int stream) {
        return Stream.generate(UUID::randomUUID)
                .filter(voter -> Election.streamOf(voter) == stream)
                .findFirst()
                .orElseThrow();
    }

    private static void awaitPromotion(String stream, int former) {
        await().atMost(PATIENCE).until(() -> {
            var master = cluster.masterOf(stream);
            return master >= 0 && master != former;
        });
    }

    /** It comes back as the replica of the one that was its own. */
    private static void repair(int former) {
        cluster.resumeReplication();
        cluster.node(former).start();
    }

    private static boolean isDrained(String stream) {
        try (var redis = cluster.connect(cluster.masterOf(stream))) {
            return Election.isEmpty(redis, stream);
        } catch (JedisException | IndexOutOfBoundsException e) {
            return false;
        }
    }
}
