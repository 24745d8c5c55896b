package voting.worker;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static voting.worker.Counted.assertEachCountedOnce;
import static voting.worker.Counted.eventually;

import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The row lock of a stream's position is its lease: one drainer has it, and it goes with the connection. */
@ExtendWith(Stores.class)
class LeaseTest {

    private final CountDownLatch holds = new CountDownLatch(1);
    private final CountDownLatch mayGoOn = new CountDownLatch(1);
    private final ExecutorService threads = Executors.newSingleThreadExecutor();

    private Future<Drainer.Outcome> holder;

    /** A drainer that has read its batch, and now does nothing for as long as it is not allowed to. */
    @BeforeEach
    void startHolder() throws Exception {
        Vote.cast(0, Vote.of(1, "cats"), Vote.of(1, "dogs"));
        holder = threads.submit(() -> {
            try (var streams = new BallotStreams(Stores.settings()) {
                @Override
                Contents read(int stream, String position, int limit) {
                    var contents = super.read(stream, position, limit);
                    if (!contents.entries().isEmpty()) {
                        holds.countDown();
                        awaitUninterruptibly(mayGoOn);
                    }
                    return contents;
                }
            }) {
                return drain(streams);
            }
        });
        assertThat(holds.await(10, SECONDS)).isTrue();
    }

    @AfterEach
    void letHolderGo() {
        mayGoOn.countDown();
        threads.close();
    }

    @Test
    void whoDoesNotHoldTheStreamReadsAndTrimsNothing() throws Exception {
        try (var streams = new BallotStreams(Stores.settings()) {
            @Override
            Contents read(int stream, String position, int limit) {
                throw new AssertionError("read without the lease");
            }

            @Override
            void trimThrough(int stream, Position position) {
                throw new AssertionError("trimmed without the lease");
            }
        }) {
            assertThat(drain(streams)).isEqualTo(new Drainer.Outcome(false, 0, 0));
        }
        mayGoOn.countDown();

        assertThat(holder.get().counted()).isEqualTo(2);
        assertEachCountedOnce(List.of(Vote.of(1, "cats"), Vote.of(1, "dogs")));
    }

    @Test
    void theOtherStreamsAreFreeMeanwhile() throws Exception {
        Vote.cast(1, Vote.of(2, "cats"));
        try (var streams = new BallotStreams(Stores.settings())) {
            var drainer = Stores.drainer(streams);
            assertThat(drainer.drainOnce(1).counted()).isEqualTo(1);
        }
    }

    @Test
    void aWorkerThatStartsDoesNotWaitForABatchInHand() throws Exception {
        mayGoOn.countDown();
        holder.get();
        var entry = new StreamEntry("1-1", List.of());
        try (var hanging = Stores.worker().getConnection();
                var starting = Stores.worker().getConnection();
                var statement = starting.createStatement()) {
            var store = new BallotStore();
            store.lockPosition(hanging, 1);
            store.save(hanging, 1, Batch.of(List.of(entry), Set.of("cats"), Instant.now()));

            statement.execute("set local lock_timeout = '2s'");
            assertThatCode(() -> store.createPositions(starting, Stores.STREAMS + 1))
                    .doesNotThrowAnyException();
            assertThat(store.lockPosition(starting, Stores.STREAMS).entryId()).isEqualTo(Position.START);
        }
    }

    @Test
    void anotherDrainerTakesOverWhenTheConnectionOfTheHolderIsKilled() throws Exception {
        try (var streams = new BallotStreams(Stores.settings())) {
            assertThat(drain(streams).held()).isFalse();
            var killed = Counted.sql("select pg_terminate_backend(pid, 10000) from pg_stat_activity"
                            + " where usename = 'worker' and state = 'idle in transaction'")
                    .query(Boolean.class)
                    .list();
            assertThat(killed).containsExactly(true);

            assertThat(drain(streams).counted()).isEqualTo(2);
        }
        mayGoOn.countDown();

        assertThatThrownBy(holder::get).isInstanceOf(ExecutionException.class).hasCauseInstanceOf(SQLException.class);
        assertEachCountedOnce(List.of(Vote.of(1, "cats"), Vote.of(1, "dogs")));
    }

    @Test
    void aWorkerThatHangsInATransactionLosesItsSessionAfterTenSeconds() {
        var workers = JdbcClient.create(Stores.role("worker", Stores.WORKER_PASSWORD));

        assertThat(workers.sql("show idle_in_transaction_session_timeout")
                        .query(String.class)
                        .single())
                .isEqualTo("10s");
    }

    @Test
    void anotherDrainerTakesOverFromOneThatHangs() throws Exception {
        // The same as above with less patience: the timeout of a session can be set, if only from outside.
        mayGoOn.countDown();
        holder.get();
        Vote.cast(0, Vote.of(1, "birds"));
        try (var hanging = Stores.worker().getConnection();
                var statement = hanging.createStatement();
                var streams = new BallotStreams(Stores.settings())) {
            assertThat(new BallotStore().lockPosition(hanging, 0)).isNotNull();
            assertThat(drain(streams).held()).isFalse();

            statement.execute("set idle_in_transaction_session_timeout = '200ms'");
            eventually().until(() -> drain(streams).counted() == 1);
            assertThatThrownBy(hanging::rollback).isInstanceOf(SQLException.class);
        }
        assertEachCountedOnce(List.of(Vote.of(1, "cats"), Vote.of(1, "dogs"), Vote.of(1, "birds")));
    }

    private static Drainer.Outcome drain(BallotStreams streams) throws SQLException {
        return Stores.drainer(streams).drainOnce(0);
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
