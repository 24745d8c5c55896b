package voting.worker;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static voting.worker.Counted.assertEachCountedOnce;
import static voting.worker.Counted.eventually;

import ch.qos.logback.classic.Level;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.api.OpenTelemetry;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.health.contributor.Status;

/** The loop drains what comes until it is told to stop, shares with others, and knows a fault from an outage. */
@ExtendWith(Stores.class)
class DrainLoopTest {

    private final List<DrainLoop> loops = new ArrayList<>();
    private final LogOf log = new LogOf(DrainLoop.class);

    @AfterEach
    void stopAll() {
        loops.parallelStream().filter(DrainLoop::isRunning).forEach(DrainLoop::stop);
        log.close();
    }

    @Test
    void countsWhatIsThereAndWhatComes() {
        Vote.cast(0, Vote.of(1, "cats"));
        Vote.castRaw("*", 3, new byte[] {0}, new byte[] {0});
        var metrics = new SimpleMeterRegistry();
        start(Stores.worker(), metrics);
        eventually().until(() -> counted(metrics) == 1);
        Vote.cast(0, Vote.of(1, "dogs"));
        Vote.cast(1, Vote.of(2, "cats"));
        eventually().until(() -> counted(metrics) == 3);
        eventually().until(() -> metrics.get("ballots.rejected").counter().count() == 1);

        assertThat(Counted.rejected()).hasSize(1);
        eventually() // trimmed only when it is counted
                .untilAsserted(() ->
                        assertEachCountedOnce(List.of(Vote.of(1, "cats"), Vote.of(1, "dogs"), Vote.of(2, "cats"))));
    }

    @Test
    void twoWorkersShareTheStreams() throws Exception {
        var votes = Vote.restless(3_000, 20_000);
        Vote.cast(votes);
        var first = new SimpleMeterRegistry();
        var second = new SimpleMeterRegistry();
        try (var connection = Stores.worker().getConnection()) {
            for (int stream = 0; stream < Stores.STREAMS; stream++) {
                new BallotStore().lockPosition(connection, stream); // nobody begins before both are there
            }
            var one = start(Stores.worker(), first);
            var other = start(Stores.worker(), second);
            eventually().until(() -> one.failingSince() == null && other.failingSince() == null);
            connection.rollback();
        }
        eventually().until(() -> counted(first) + counted(second) == votes.size());

        assertThat(counted(first)).isPositive();
        assertThat(counted(second)).isPositive();
        eventually().untilAsserted(() -> assertEachCountedOnce(votes));
    }

    @Test
    void aCollisionWithAnotherStreamIsRepeatedAndIsNoOutage() {
        Vote.cast(0, Vote.of(1, "cats"), Vote.of(2, "cats"));
        var collided = new AtomicBoolean();
        var metrics = new SimpleMeterRegistry();
        start(
                new Faults() {
                    @Override
                    void beforeStatement(String sql) throws SQLException {
                        if (sql.contains("insert into ballot ") && collided.compareAndSet(false, true)) {
                            throw new SQLException("deadlock detected", "40P01");
                        }
                    }
                }.dataSource(),
                metrics);
        eventually().until(() -> counted(metrics) == 2);

        assertThat(Counted.tally()).isEqualTo(Map.of("cats", 2L));
        assertThat(Counted.recount()).isEqualTo(Map.of("cats", 2L));
        assertThat(log.lines(Level.WARN)).isEmpty();
        assertThat(log.lines(Level.INFO)).singleElement().asString().startsWith("Draining, after");
    }

    @Test
    void oneIdInTwoStreamsBackToBackNeverMakesTheTallyDrift() {
        for (int round = 0; round < 4; round++) {
            for (int stream = 0; stream < 2; stream++) {
                var votes = new ArrayList<Vote>();
                for (int voter = 0; voter < 1_500; voter++) {
                    votes.add(Vote.of(voter, (voter + round + stream) % 2 == 0 ? "cats" : "dogs"));
                }
                Vote.cast(stream, votes.toArray(Vote[]::new));
            }
        }
        var metrics = new SimpleMeterRegistry();
        start(Stores.worker(), metrics);
        eventually().until(() -> counted(metrics) == 12_000);

        assertThat(Counted.ballots()).hasSize(1_500);
        assertThat(Counted.tally()).isEqualTo(Counted.recount());
        assertThat(Counted.ballotsOfAllMinutes()).isEqualTo(12_000);
        eventually().untilAsserted(Counted::assertNothingLeft);
        assertThat(log.lines(Level.WARN)).isEmpty();
    }

    @Test
    void stopFinishesTheBatchesInHandAndTakesNothingNew() throws Exception {
        for (int stream = 0; stream < Stores.STREAMS; stream++) {
            Vote.cast(stream, Vote.of(stream, "cats")); // so that there is more than the two drainers hold
        }
        var inHand = new CountDownLatch(2);
        var mayCommit = new CountDownLatch(1);
        var metrics = new SimpleMeterRegistry();
        var loop = start(
                new Faults() {
                    private final ThreadLocal<Boolean> batch = ThreadLocal.withInitial(() -> false);

                    @Override
                    void beforeStatement(String sql) {
                        if (sql.contains("insert into ballot ")) {
                            batch.set(true);
                        }
                    }

                    @Override
                    void beforeCommit() {
                        if (batch.get()) {
                            inHand.countDown();
                            await(mayCommit);
                        }
                    }
                }.dataSource(),
                metrics);
        await(inHand);

        var stopped = CompletableFuture.runAsync(loop::stop);
        eventually().until(() -> log.lines(Level.INFO).stream().anyMatch(line -> line.startsWith("Stopping")));
        assertThat(stopped).isNotDone();
        mayCommit.countDown();
        stopped.get(10, SECONDS);

        assertThat(loop.isRunning()).isFalse();
        assertThat(counted(metrics)).isEqualTo(2);
        assertThat(Counted.ballots()).hasSize(2);
        assertThat(Counted.tally()).isEqualTo(Map.of("cats", 2L));
        assertThat(IntStream.range(0, Stores.STREAMS).mapToLong(Counted::length).sum())
                .isEqualTo(2);
        assertThat(log.lines(Level.WARN)).isEmpty();
    }

    @Test
    void anIdleWorkerStopsAsSoonAsItsWaitForEntriesEndsAndMayBeStartedAgain() {
        var metrics = new SimpleMeterRegistry();
        var loop = start(Stores.worker(), metrics);
        eventually().until(() -> loop.failingSince() == null);
        var began = System.nanoTime();
        loop.stop();
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(5));

        loop.start();
        Vote.cast(0, Vote.of(1, "cats"));
        eventually().until(() -> counted(metrics) == 1);
    }

    @Test
    void anInterruptedStopGivesUpWaitingAndKeepsTheInterruptFlag() {
        var loop = start(Stores.worker(), new SimpleMeterRegistry());
        Thread.currentThread().interrupt();

        loop.stop();

        assertThat(Thread.interrupted()).isTrue();
        assertThat(loop.isRunning()).isFalse();
    }

    @Test
    void aKeyOfAnotherTypeIsAnOutageWithItsReasonAndEndsWithTheKey() {
        try (var redis = Stores.redis()) {
            redis.set(Vote.name(0), "x");
        }
        var metrics = new SimpleMeterRegistry();
        var loop = start(Stores.worker(), metrics);
        var health = new DrainHealthIndicator(loop);
        eventually().until(() -> loop.failure().startsWith("Redis: WRONGTYPE"));
        assertThat(health.health().getStatus()).isEqualTo(Status.DOWN);
        assertThat(health.health().getDetails()).containsEntry("reason", loop.failure());
        assertThat(health.health().getDetails()).containsKey("since");

        try (var redis = Stores.redis()) {
            redis.del(Vote.name(0));
        }
        Vote.cast(0, Vote.of(1, "cats"));
        eventually().until(() -> counted(metrics) == 1);
        eventually().until(() -> health.health().getStatus().equals(Status.UP));
        assertThat(log.lines(Level.WARN)).hasSize(1);
    }

    @Test
    void ballotsInMoreStreamsThanAreSetAreAnOutageThatNamesTheSetting() {
        var loop = start(Stores.worker(), new SimpleMeterRegistry());
        eventually().until(() -> loop.failingSince() == null);

        Vote.cast(Stores.STREAMS, Vote.of(1, "cats"));
        eventually().until(() -> loop.failure().contains("VOTE_STREAMS is 4 here"));
        assertThat(new DrainHealthIndicator(loop).health().getStatus()).isEqualTo(Status.DOWN);
    }

    @Test
    void fewerStreamsThanThereWereAreAnOutageThatNamesTheSetting() {
        Counted.sql("insert into stream_position (stream) values (4)").update();
        var loop = start(Stores.worker(), new SimpleMeterRegistry());

        eventually().until(() -> loop.failure().contains("VOTE_STREAMS is 4 here"));
    }

    @Test
    void aStepThatBeganBeforeAnOutageDoesNotEndIt() {
        var inHand = new CountDownLatch(1);
        var mayCommit = new CountDownLatch(1);
        var refuse = new AtomicBoolean();
        Set<Thread> refused = ConcurrentHashMap.newKeySet();
        var metrics = new SimpleMeterRegistry();
        var loop = start(
                new Faults() {
                    private final ThreadLocal<Boolean> batch = ThreadLocal.withInitial(() -> false);

                    @Override
                    void beforeConnection() throws SQLException {
                        if (refuse.get()) {
                            refused.add(Thread.currentThread());
                            throw new SQLException("Connection refused", "08001");
                        }
                    }

                    @Override
                    void beforeStatement(String sql) {
                        if (sql.contains("insert into ballot ")) {
                            batch.set(true);
                        }
                    }

                    @Override
                    void beforeCommit() {
                        if (batch.get()) {
                            inHand.countDown();
                            await(mayCommit);
                        }
                    }
                }.dataSource(),
                metrics);
        eventually().until(() -> loop.failingSince() == null);
        Vote.cast(0, Vote.of(1, "cats"));
        await(inHand);
        refuse.set(true);
        eventually().until(() -> loop.failingSince() != null);
        mayCommit.countDown();
        eventually().until(() -> refused.size() == 2);
        refuse.set(false);
        eventually().until(() -> loop.failingSince() == null);

        assertThat(log.lines(Level.WARN)).singleElement().asString().contains("Connection refused");
        assertThat(log.lines(Level.INFO))
                .hasSize(2) // the start, and the one end of the outage
                .allMatch(line -> line.startsWith("Draining, after"));
        assertEachCountedOnce(List.of(Vote.of(1, "cats")));
    }

    @Test
    void anOutageWithoutAnSqlStateIsOneToo() {
        var refusing = new AtomicBoolean(true);
        var metrics = new SimpleMeterRegistry();
        var loop = start(
                new Faults() {
                    @Override
                    void beforeConnection() throws SQLException {
                        if (refusing.get()) {
                            throw new SQLTransientConnectionException("Connection is not available");
                        }
                    }
                }.dataSource(),
                metrics);
        eventually().until(() -> loop.failure().equals("Postgres: Connection is not available"));
        refusing.set(false);
        Vote.cast(0, Vote.of(1, "cats"));

        eventually().until(() -> counted(metrics) == 1);
        eventually().until(() -> loop.failingSince() == null);
    }

    @Test
    void noErrorEndsADrainer() {
        var errors = new AtomicInteger();
        var failing = new AtomicBoolean(true);
        var metrics = new SimpleMeterRegistry();
        var loop = start(
                new Faults() {
                    @Override
                    void beforeConnection() {
                        if (failing.get()) {
                            throw errors.getAndIncrement() % 2 == 0
                                    ? new StackOverflowError("a test")
                                    : new LinkageError("a test");
                        }
                    }
                }.dataSource(),
                metrics);
        eventually().until(() -> loop.failure().equals("A fault of ours: a test") && errors.get() >= 4);
        failing.set(false);
        Vote.cast(0, Vote.of(1, "cats"));

        eventually().until(() -> counted(metrics) == 1);
        eventually().until(() -> loop.failingSince() == null);
    }

    private DrainLoop start(DataSource dataSource, MeterRegistry metrics) {
        var loop = new DrainLoop(Stores.settings(), dataSource, metrics, OpenTelemetry.noop());
        loops.add(loop);
        loop.start();
        return loop;
    }

    private static int counted(MeterRegistry metrics) {
        return (int) metrics.get("ballots.counted").counter().count();
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(30, SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
