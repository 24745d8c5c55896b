package voting.vote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static redis.clients.jedis.util.SafeEncoder.encode;

import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.exceptions.JedisRedirectionException;
import voting.vote.TestRedis.Entry;

/** The appender against a real Redis, over a link that fails on demand. */
@ExtendWith(OutputCaptureExtension.class)
class GroupCommitTest {

    private final TestRedis redis = TestRedis.shared();
    private final FaultyLink link = new FaultyLink(redis.port());
    private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    private final BallotAppender appender = appender(link.port(), "");
    private final Jedis control = redis.connect();
    private final ExecutorService voters = Executors.newVirtualThreadPerTaskExecutor();

    @BeforeEach
    void start() {
        redis.clear();
        appender.start();
        await().until(() -> appender.outage() == null);
    }

    @AfterEach
    void stop() {
        control.clientUnpause();
        control.configSet("requirepass", "");
        control.close();
        link.heal();
        appender.stop();
        voters.close();
        link.close();
    }

    @Test
    void votersWhoWaitTogetherAreConfirmedByAFewRoundTrips() {
        var ballots = ballots(500);
        holdARoundTrip();
        var votes = cast(ballots);
        awaitQueued(500);
        var tripsBefore = roundTrips();

        control.clientUnpause();

        assertThat(votes).allSatisfy(vote -> assertThat(vote).succeedsWithin(Duration.ofSeconds(2)));
        assertThat(roundTrips() - tripsBefore).isLessThanOrEqualTo(3);
        assertThat(redis.entries()).hasSize(1 + 500);
    }

    @Test
    void batchSizeCountsBallotsAndNotTheProbesOfAnIdleService() {
        appender.append(ballot());
        redis.clear();
        await().until(this::wasProbed);

        assertThat(metrics.get("vote.append.batch.size").summary().totalAmount())
                .isEqualTo(1);
    }

    @Test
    void entryIsABallotIdAndAChoiceInTheStreamOfTheId() {
        var ballots = ballots(50);

        ballots.forEach(appender::append);

        assertThat(redis.entries())
                .containsExactlyInAnyOrderElementsOf(ballots.stream()
                        .map(ballot -> new Entry(
                                (int) Math.floorMod(
                                        ballot.ballotId().getLeastSignificantBits(), (long) TestRedis.STREAMS),
                                ballot.ballotId().toString(),
                                ballot.choice(),
                                2))
                        .toList());
        assertThat(redis.entries()).extracting(Entry::stream).contains(0, 1, 2, 3);
    }

    @Test
    void ballotsOfOneVoterKeepTheirOrder() {
        var ids = Stream.generate(UUID::randomUUID).limit(20).toList();

        var votes = ids.stream()
                .map(id -> CompletableFuture.runAsync(
                        () -> {
                            for (int i = 0; i < 25; i++) {
                                appender.append(new Ballot(id, "choice-" + i));
                            }
                        },
                        voters))
                .toList();

        assertThat(votes).allSatisfy(vote -> assertThat(vote).succeedsWithin(Duration.ofSeconds(10)));
        var expected = IntStream.range(0, 25).mapToObj(i -> "choice-" + i).toList();
        for (var id : ids) {
            var entries = redis.entries().stream()
                    .filter(entry -> entry.ballotId().equals(id.toString()))
                    .toList();
            assertThat(entries).extracting(Entry::choice).containsExactlyElementsOf(expected);
            assertThat(entries).extracting(Entry::stream).containsOnly(entries.getFirst().stream());
        }
    }

    @Test
    void voterIsNotAnsweredBeforeRedis() {
        var vote = holdARoundTrip();

        await().during(Duration.ofMillis(300)).until(() -> !vote.isDone());

        control.clientUnpause();
        assertThat(vote).succeedsWithin(Duration.ofSeconds(1));
    }

    @Test
    void ballotBeyondTheQueueIsRefusedAtOnce() {
        var ballots = ballots(GroupCommit.QUEUE_CAPACITY + 1);
        holdARoundTrip();
        var votes = cast(ballots);
        awaitQueued(GroupCommit.QUEUE_CAPACITY);

        var quickest = Stream.generate(this::timeToRefuse).limit(5).min(Comparator.naturalOrder());

        assertThat(quickest.orElseThrow()).isLessThan(Duration.ofMillis(100));
        control.clientUnpause();
        assertThat(votes)
                .allSatisfy(vote -> assertThat(vote.exceptionally(e -> null)).succeedsWithin(Duration.ofSeconds(3)));
    }

    private Duration timeToRefuse() {
        var start = Instant.now();
        assertThatThrownBy(() -> appender.append(ballot()))
                .isInstanceOf(BallotNotConfirmedException.class)
                .hasMessage("the queue is full");
        return Duration.between(start, Instant.now());
    }

    @Test
    void ballotWhoseVoterHasGivenUpIsNeverSent() {
        link.fail(FaultyLink.Fault.BLACK_HOLE);
        // What fits into the first two batches is lost in the black hole; the others wait until it is too late.
        var votes = cast(ballots(4_000));

        assertThat(votes)
                .allSatisfy(vote -> assertThat(vote)
                        .failsWithin(BallotAppender.DEADLINE.plusSeconds(1))
                        .withThrowableThat()
                        .withCauseInstanceOf(BallotNotConfirmedException.class));
        link.heal();

        var later = ballot();
        await().untilAsserted(() -> appender.append(later));
        assertThat(redis.entries())
                .extracting(Entry::ballotId)
                .containsOnly(later.ballotId().toString());
    }

    @Test
    void voterWaitsNoLongerThanTheDeadline() {
        link.fail(FaultyLink.Fault.BLACK_HOLE);
        var start = Instant.now();

        assertThatThrownBy(() -> appender.append(ballot())).isInstanceOf(BallotNotConfirmedException.class);

        assertThat(Duration.between(start, Instant.now()))
                .isLessThan(BallotAppender.DEADLINE.plus(Duration.ofMillis(200)));
    }

    @Test
    void ballotWhoseConfirmationIsLostIsNotReportedAsAccepted() {
        link.fail(FaultyLink.Fault.CUT_BEFORE_REPLY_TO_XADD);
        var ballot = ballot();

        assertThatThrownBy(() -> appender.append(ballot)).isInstanceOf(BallotNotConfirmedException.class);

        assertThat(link.hasCut()).isTrue();
        assertThat(redis.entries())
                .extracting(Entry::ballotId)
                .containsExactly(ballot.ballotId().toString());
        link.heal();
        await().untilAsserted(() -> appender.append(ballot));
        assertThat(redis.entries())
                .extracting(Entry::ballotId)
                .containsOnly(ballot.ballotId().toString());
    }

    @Test
    void ballotThatIsStillOnItsWayWhenItsVoterVotesAgainIsNotAppendedAfterwards() {
        var voter = UUID.randomUUID();
        link.fail(FaultyLink.Fault.HELD_UP);
        assertThatThrownBy(() -> appender.append(new Ballot(voter, "cats")))
                .isInstanceOf(BallotNotConfirmedException.class);
        assertThat(link.isHoldingUp()).isTrue();

        await().ignoreExceptions().untilAsserted(() -> appender.append(new Ballot(voter, "dogs")));
        link.deliver();

        await().until(() -> link.connections() == 1);
        assertThat(redis.entries()).extracting(Entry::choice).containsExactly("dogs");
    }

    @Test
    void connectionOfARestartedRedisIsNotMistakenForTheFormerOne() {
        var own = TestRedis.another();
        var surviving = appender(own.port(), "");
        surviving.start();
        await().until(() -> surviving.outage() == null);
        long numbersGiven;
        try (var newest = own.connect()) {
            numbersGiven = newest.clientId();
        }
        own.stop();
        own.start();
        var others = new ArrayList<Jedis>();
        do {
            others.add(own.connect());
        } while (others.getLast().clientId() <= numbersGiven);
        await().ignoreExceptions().untilAsserted(() -> surviving.append(ballot()));

        assertThat(others).allSatisfy(other -> assertThat(other.ping()).isEqualTo("PONG"));
        others.forEach(Jedis::close);
        surviving.stop();
    }

    @Test
    void refusalOfOneEntryDoesNotFailTheOthersOfItsBatch() {
        var broken = ballots(100).stream()
                .filter(ballot -> ballot.ballotId().getLeastSignificantBits() % TestRedis.STREAMS == 0)
                .findFirst()
                .orElseThrow();
        control.set("votes:{0}", "this is not a stream");
        var others = ballots(100).stream()
                .filter(ballot -> ballot.ballotId().getLeastSignificantBits() % TestRedis.STREAMS != 0)
                .toList();
        holdARoundTrip();
        var refused = cast(List.of(broken)).getFirst();
        var accepted = cast(others);
        awaitQueued(1 + others.size());

        control.clientUnpause();

        assertThat(refused).failsWithin(Duration.ofSeconds(2));
        assertThat(accepted).allSatisfy(vote -> assertThat(vote).succeedsWithin(Duration.ofSeconds(2)));
        await().until(() -> appender.outage() != null);
        control.del("votes:{0}");
    }

    /** As of a Redis that is full, when the worker makes room for some. */
    @Test
    void outageDoesNotEndBetweenTwoRefusals(CapturedOutput output) {
        control.set("votes:{0}", "this is not a stream");
        for (int i = 0; i < 50; i++) {
            assertThatThrownBy(() -> appender.append(ballotOfStream(0)))
                    .isInstanceOf(BallotNotConfirmedException.class);
            appender.append(ballotOfStream(1));
        }
        control.del("votes:{0}");
        await().until(() -> appender.outage() == null);

        assertThat(output.getOut().lines().filter(line -> line.contains("GroupCommit")))
                .satisfiesExactly(
                        line -> assertThat(line).contains("confirms no ballots: WRONGTYPE"),
                        line -> assertThat(line).contains("confirms ballots again"));
    }

    @Test
    void whoRefusesEverythingIsLeftForWhomItsAddressLeadsToNow() {
        var refusing = TestRedis.another("min-replicas-to-write 1");
        var address = new AtomicInteger(refusing.port());
        var commit = commit(() -> new HostAndPort("127.0.0.1", address.get()), (pending, elsewhere) -> {});
        commit.start();
        await().until(() -> commit.outage().reason().startsWith("NOREPLICAS"));

        address.set(redis.port());

        await().until(() -> commit.outage() == null);
        commit.requestStop();
        refusing.stop();
    }

    @Test
    void errorOfOursIsAnOutageAndNotTheEnd() {
        var healed = new AtomicBoolean();
        var commit = commit(
                () -> {
                    if (!healed.get()) {
                        throw new NoClassDefFoundError("voting/vote/Missing");
                    }
                    return new HostAndPort("127.0.0.1", redis.port());
                },
                (pending, elsewhere) -> {});
        commit.start();
        await().until(() -> commit.outage().reason().contains("voting/vote/Missing"));

        healed.set(true);

        await().until(() -> commit.outage() == null);
        commit.requestStop();
    }

    @Test
    void whoOnlyNamesAnotherNodeHasConfirmedNothing() {
        var empty = TestRedis.inClusterMode();
        var owner = TestRedis.inClusterMode();
        try (var node = empty.connect();
                var other = owner.connect()) {
            other.clusterAddSlots(IntStream.range(0, 16_384).toArray());
            node.clusterMeet("127.0.0.1", owner.port());
            await().until(() -> node.clusterInfo().contains("cluster_state:ok"));
        }
        var redirected = new CountDownLatch(2);
        var commit = commit(
                () -> new HostAndPort("127.0.0.1", empty.port()), (pending, elsewhere) -> redirected.countDown());

        commit.start();

        await().until(() -> redirected.getCount() == 0);
        assertThat(commit.outage()).isNotNull();
        commit.requestStop();
        empty.stop();
        owner.stop();
    }

    @Test
    void passwordIsSentAndAWrongOneConfirmsNothing() {
        control.configSet("requirepass", "open sesame");
        var knowing = appender(link.port(), "open sesame");
        var guessing = appender(link.port(), "123456");
        try {
            knowing.start();
            guessing.start();

            await().untilAsserted(() -> knowing.append(ballot()));
            await().until(() -> guessing.outage().reason(), reason -> reason.startsWith("WRONGPASS"));
            assertThatThrownBy(() -> guessing.append(ballot())).isInstanceOf(BallotNotConfirmedException.class);
        } finally {
            knowing.stop();
            guessing.stop();
        }
    }

    @Test
    void outageIsLoggedAtItsTwoEdges(CapturedOutput output) {
        link.fail(FaultyLink.Fault.REFUSING);
        for (int i = 0; i < 5; i++) {
            assertThatThrownBy(() -> appender.append(ballot())).isInstanceOf(BallotNotConfirmedException.class);
        }
        link.heal();
        await().until(() -> appender.outage() == null);

        assertThat(output.getOut().lines().filter(line -> line.contains("GroupCommit")))
                .satisfiesExactly(
                        line -> assertThat(line)
                                .contains("WARN")
                                .contains("Redis confirms no ballots")
                                .contains("Will keep trying."),
                        line -> assertThat(line).contains("INFO").contains("Redis confirms ballots again, after PT"));
    }

    @Test
    void ballotsThatWaitAreConfirmedBeforeTheAppenderEnds() {
        holdARoundTrip();
        var votes = cast(ballots(3_000));
        awaitQueued(3_000);

        var stop = CompletableFuture.runAsync(appender::stop, voters);
        await().until(() -> !appender.isRunning());
        control.clientUnpause();

        assertThat(stop).succeedsWithin(BallotAppender.DEADLINE.plusSeconds(1));
        assertThat(votes).allSatisfy(vote -> assertThat(vote).isCompleted());
        assertThat(redis.entries()).hasSize(1 + 3_000);
        assertThatThrownBy(() -> appender.append(ballot()))
                .isInstanceOf(BallotNotConfirmedException.class)
                .hasMessage("the service is stopping");
    }

    private BallotAppender appender(int redisPort, String password) {
        var settings = new VoteSettings(
                null,
                new VoteSettings.Vote(TestRedis.STREAMS, ""),
                new VoteSettings.Redis("127.0.0.1", redisPort, password, "", "", "mymaster", 0));
        return new BallotAppender(settings, metrics);
    }

    /** Alone, with nothing to do but to probe the first stream. */
    private GroupCommit commit(Supplier<HostAndPort> address, BiConsumer<Pending, JedisRedirectionException> redirect) {
        return new GroupCommit(
                "Redis",
                address,
                commit -> Optional.of(new Pending(0, Protocol.Command.SET, encode("votes:{0}:probe"), encode("1"))),
                redirect,
                new VoteSettings.Redis("", 6379, "", "", "", "mymaster", 0),
                DistributionSummary.builder("size").register(metrics),
                Timer.builder("time").register(metrics));
    }

    /** Redis takes a ballot and answers only when told to, as with a disk that hangs; what comes now has to queue. */
    private CompletableFuture<Void> holdARoundTrip() {
        control.sendCommand(Protocol.Command.CLIENT, "PAUSE", "60000", "WRITE");
        var vote = cast(ballots(1)).getFirst();
        await().until(link::awaitsReply);
        return vote;
    }

    private List<CompletableFuture<Void>> cast(List<Ballot> ballots) {
        return ballots.stream()
                .map(ballot -> CompletableFuture.runAsync(() -> appender.append(ballot), voters))
                .toList();
    }

    private void awaitQueued(int ballots) {
        await().until(() -> metrics.get("vote.append.queue.size").gauge().value() >= ballots);
    }

    private boolean wasProbed() {
        return control.exists("votes:{0}:probe");
    }

    private long roundTrips() {
        return metrics.get("vote.append.batch.size").summary().count();
    }

    private static Ballot ballot() {
        return new Ballot(UUID.randomUUID(), "cats");
    }

    private static Ballot ballotOfStream(int stream) {
        return Stream.generate(GroupCommitTest::ballot)
                .filter(ballot ->
                        Math.floorMod(ballot.ballotId().getLeastSignificantBits(), TestRedis.STREAMS) == stream)
                .findFirst()
                .orElseThrow();
    }

    private static List<Ballot> ballots(int count) {
        return Stream.generate(GroupCommitTest::ballot).limit(count).toList();
    }
}
