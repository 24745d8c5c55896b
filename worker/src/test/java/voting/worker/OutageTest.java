package voting.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static voting.worker.Counted.assertEachCountedOnce;
import static voting.worker.Counted.eventually;

import ch.qos.logback.classic.Level;
import com.zaxxer.hikari.HikariDataSource;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.api.OpenTelemetry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.health.contributor.Status;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Postgres and Redis may come late, go and come back: the worker continues by itself and nothing is lost. */
@ExtendWith(Stores.class)
class OutageTest {

    /**
     * The store goes away in this batch, of the eleven or more that there are. One of the two drainers has then been
     * through all four streams and back, so the worker has said that it is draining.
     */
    private static final int FATAL_BATCH = 9;

    /** The pool's patience with an absent Postgres; in production it is three seconds. */
    private static final int IMPATIENT_MILLIS = 500;

    private static final List<Vote> VOTES = Vote.restless(3_000, 24_000);
    private static final List<Vote> BEFORE = VOTES.subList(0, 20_000);
    private static final List<Vote> MEANWHILE = VOTES.subList(20_000, 22_000);
    private static final List<Vote> AFTERWARDS = VOTES.subList(22_000, 24_000);

    private final LogOf log = new LogOf(DrainLoop.class);
    private DrainLoop loop;

    @AfterEach
    void stop() {
        loop.stop();
        log.close();
    }

    @Test
    void postgresGoesAwayInTheMiddleOfABatchAndComesBack() throws Exception {
        Vote.cast(BEFORE);
        try (var pool = Stores.newWorkerDataSource(Stores.DATABASE)) {
            pool.setConnectionTimeout(IMPATIENT_MILLIS);
            start(new FatalBatch(pool) {
                @Override
                void inFatalBatch() throws IOException {
                    Stores.stopPostgres();
                }
            });
            eventually().until(() -> isDown("Postgres: "));
            Vote.cast(MEANWHILE);
            Stores.startPostgres();
            Vote.cast(AFTERWARDS);
            eventually().until(() -> isUp() && isDrained());

            assertEachCountedOnce(VOTES);
            assertBothEdgesAreLoggedOnce("Cannot drain. Postgres: ");
            stopBeforeClosing(pool);
        }
    }

    @Test
    void redisGoesAwayBetweenACommitAndItsTrimAndComesBack() throws Exception {
        Vote.cast(BEFORE);
        start(new FatalBatch(Stores.worker()) {
            @Override
            void afterFatalBatch() throws IOException {
                Stores.stopRedis();
            }
        });
        eventually().until(() -> isDown("Redis: "));
        Stores.startRedis();
        Vote.cast(MEANWHILE);
        Vote.cast(AFTERWARDS);
        eventually().until(() -> isUp() && isDrained());

        assertEachCountedOnce(VOTES);
        assertBothEdgesAreLoggedOnce("Cannot drain. Redis: ");
    }

    @Test
    void startsBeforeEverythingElseAndBeginsByItself() throws Exception {
        Stores.stopRedis();
        Stores.stopPostgres();
        try (var late = Stores.newWorkerDataSource("late")) {
            late.setConnectionTimeout(IMPATIENT_MILLIS);
            start(late);
            eventually().until(() -> isDown("Postgres: "));
            Stores.startPostgres();
            Stores.createDatabase("late");
            eventually().until(() -> isDown("Postgres: ERROR: relation \"stream_position\" does not exist"));
            Stores.migrate("late");
            eventually().until(() -> isDown("Redis: "));
            Stores.startRedis();
            eventually().until(this::isUp);
            Vote.cast(VOTES.subList(0, 100));
            eventually()
                    .until(() -> JdbcClient.create(late)
                            .sql("select sum(votes) = 100 from votes_per_minute")
                            .query(Boolean.class)
                            .optional()
                            .orElse(false));

            assertThat(log.lines(Level.WARN)).hasSize(1);
            assertThat(log.lines(Level.INFO)).singleElement().asString().startsWith("Draining, after");
            stopBeforeClosing(late);
        }
        Stores.dropDatabase("late");
    }

    /** To the driver, a primary whose transactions are read-only is none. */
    @Test
    void connectionsToAServerThatBecomesAStandbyAreGivenUpAndTheReasonSaysSo() throws Exception {
        start(Stores.worker());
        eventually().until(this::isUp);
        try {
            configure("set default_transaction_read_only = on");
            eventually().until(() -> isDown("Postgres: POSTGRES_HOST names no primary"));
        } finally {
            configure("reset default_transaction_read_only");
        }
        eventually().until(this::isUp);
    }

    private static void configure(String setting) {
        Counted.sql("alter system " + setting).update();
        Counted.sql("select pg_reload_conf()").query().singleRow();
    }

    /** Does something within or after {@link #FATAL_BATCH}. */
    private abstract static class FatalBatch extends Faults {

        private final AtomicInteger batches = new AtomicInteger();
        private final AtomicReference<Thread> committing = new AtomicReference<>();

        FatalBatch(DataSource real) {
            super(real);
        }

        void inFatalBatch() throws IOException {}

        void afterFatalBatch() throws IOException {}

        @Override
        void beforeStatement(String sql) throws SQLException {
            if (sql.startsWith("insert into votes_per_minute") && batches.incrementAndGet() == FATAL_BATCH) {
                committing.set(Thread.currentThread());
                try {
                    inFatalBatch();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        }

        @Override
        void afterCommit() {
            if (committing.compareAndSet(Thread.currentThread(), null)) {
                try {
                    afterFatalBatch();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    private void start(Faults faults) {
        start(faults.dataSource());
    }

    private void start(DataSource dataSource) {
        loop = new DrainLoop(Stores.settings(), dataSource, new SimpleMeterRegistry(), OpenTelemetry.noop());
        loop.start();
    }

    private void stopBeforeClosing(HikariDataSource pool) throws SQLException {
        loop.stop();
        assertThat(pool.getHikariPoolMXBean().getActiveConnections()).isZero();
    }

    private boolean isUp() {
        return new DrainHealthIndicator(loop).health().getStatus().equals(Status.UP);
    }

    private boolean isDown(String reason) {
        var health = new DrainHealthIndicator(loop).health();
        return health.getStatus().equals(Status.DOWN)
                && health.getDetails().get("reason").toString().startsWith(reason);
    }

    private static boolean isDrained() {
        for (int stream = 0; stream < Stores.STREAMS; stream++) {
            if (Counted.length(stream) > 0) {
                return false;
            }
        }
        return true;
    }

    private void assertBothEdgesAreLoggedOnce(String warning) {
        assertThat(log.lines(Level.WARN)).singleElement().asString().startsWith(warning);
        assertThat(log.lines(Level.INFO))
                .hasSize(2) // the start, and the end of the outage
                .allMatch(line -> line.startsWith("Draining, after"));
    }
}
