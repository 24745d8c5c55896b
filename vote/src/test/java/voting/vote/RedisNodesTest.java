package voting.vote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.health.contributor.Status;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.exceptions.JedisException;

/** What is named as a Redis Cluster or as Sentinels is used only when it is one that can keep the promise. */
class RedisNodesTest {

    private static final List<String> STREAMS = List.of("votes:{0}", "votes:{1}");
    private static final String NOBODY = "127.0.0.1:1";

    private final TestRedis single = TestRedis.shared();
    private TestRedis node;
    private TestRedis other;

    @AfterEach
    void stop() {
        Stream.of(node, other).filter(Objects::nonNull).forEach(TestRedis::stop);
    }

    @Test
    void aSingleRedisHoldsAllStreams() {
        assertThat(holders(new VoteSettings.Redis("redis", 6380, "", "", "", "mymaster", 0)))
                .containsExactly(new HostAndPort("redis", 6380), new HostAndPort("redis", 6380));
    }

    @Test
    void aNodeThatIsNotInClusterModeIsNamed() {
        assertRefused("127.0.0.1:" + single.port(), "127.0.0.1:" + single.port() + " is not in cluster mode");
    }

    @Test
    void aNodeThatDoesNotAnswerDoesNotHideOneThatIsNotInClusterMode() {
        assertRefused(NOBODY + ",127.0.0.1:" + single.port(), "is not in cluster mode");
    }

    @Test
    void aClusterOfWhichNoNodeAnswersIsRefused() {
        assertRefused(NOBODY, NOBODY);
    }

    @Test
    void aClusterWhoseSlotsBelongToNobodyIsRefused() {
        node = TestRedis.inClusterMode();

        assertRefused("127.0.0.1:" + node.port(), "16384 slots belong to no master");
    }

    @Test
    void aClusterThatCouldNotReplaceALostMasterIsRefused() {
        node = TestRedis.inClusterMode();
        giveAllSlotsTo(node);

        assertRefused("127.0.0.1:" + node.port(), "1 masters are too few to replace one that is lost");
    }

    @Test
    void nodesOfDifferentClustersAreRefused() {
        node = TestRedis.inClusterMode();
        other = TestRedis.inClusterMode();

        assertRefused(
                "127.0.0.1:%d,127.0.0.1:%d".formatted(node.port(), other.port()),
                "127.0.0.1:%d belongs to another cluster than 127.0.0.1:%d".formatted(other.port(), node.port()));
    }

    @Test
    void whatIsNoSentinelIsNamed() {
        var settings = new VoteSettings.Redis("", 6379, "", "", "127.0.0.1:" + single.port(), "mymaster", 0);

        assertThatThrownBy(() -> holders(settings))
                .isInstanceOf(JedisException.class)
                .hasMessageStartingWith("No Sentinel at 127.0.0.1:" + single.port() + ": ERR unknown command");
    }

    @Test
    void sentinelsThatDoNotAnswerAreNamed() {
        var settings = new VoteSettings.Redis("", 6379, "", "", NOBODY, "mymaster", 0);

        assertThatThrownBy(() -> holders(settings))
                .isInstanceOf(JedisException.class)
                .hasMessageContaining(NOBODY);
    }

    @Test
    void theServiceIsNotReadyAndSaysWhy() {
        var cluster = "127.0.0.1:" + single.port();
        try (var context = VoteServer.run(Map.of("REDIS_CLUSTER_NODES", cluster))) {
            var health = context.getBean(BallotAppenderHealthIndicator.class);

            await().until(() -> cluster.concat(" is not in cluster mode")
                    .equals(health.health().getDetails().get("reason")));
            assertThat(health.health().getStatus()).isEqualTo(Status.DOWN);
            assertThatThrownBy(
                            () -> context.getBean(BallotAppender.class).append(new Ballot(UUID.randomUUID(), "cats")))
                    .isInstanceOf(BallotNotConfirmedException.class);
        }
    }

    private static void giveAllSlotsTo(TestRedis node) {
        try (var jedis = node.connect()) {
            jedis.clusterAddSlots(IntStream.range(0, 16_384).toArray());
            await().until(() -> jedis.clusterInfo().contains("cluster_state:ok"));
        }
    }

    private static void assertRefused(String nodes, String reason) {
        var settings = new VoteSettings.Redis("", 6379, "", nodes, "", "mymaster", 0);

        assertThatThrownBy(() -> holders(settings))
                .isInstanceOf(JedisException.class)
                .hasMessageContaining(reason);
    }

    private static List<HostAndPort> holders(VoteSettings.Redis settings) {
        return new RedisNodes(settings, GroupCommit.config(settings)).holdersOf(STREAMS);
    }
}
