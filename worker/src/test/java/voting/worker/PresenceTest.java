package voting.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static voting.worker.Counted.eventually;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.api.OpenTelemetry;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.args.ClientPauseMode;

/** Workers say once a second that they are there and what waits, stop saying so at once, and delay no ballot by it. */
@ExtendWith(Stores.class)
class PresenceTest {

    private final List<Presence> started = new ArrayList<>();
    private final DrainLoop loop =
            new DrainLoop(Stores.settings(), Stores.worker(), new SimpleMeterRegistry(), OpenTelemetry.noop());

    private final Backlog backlog = new Backlog(Stores.settings(), Stores.worker(), new SimpleMeterRegistry());
    private final ScheduledExecutorService schedule = Executors.newSingleThreadScheduledExecutor();

    /** As Spring does it. */
    @BeforeEach
    void watchTheBacklog() {
        schedule.scheduleWithFixedDelay(backlog::read, 0, 1, TimeUnit.SECONDS);
    }

    @AfterEach
    void stop() {
        schedule.shutdownNow();
        backlog.close();
        started.stream().filter(Presence::isRunning).forEach(Presence::stop);
        if (loop.isRunning()) {
            loop.stop();
        }
    }

    @Test
    void whatWaitsIsPublishedPerStreamWithTheAgeOfTheOldest() {
        Vote.cast(0, Vote.of(1, "cats"), Vote.of(2, "dogs"));
        var acceptedLongAgo = Instant.now().minusSeconds(100).toEpochMilli() + "-0";
        Vote.castRaw(acceptedLongAgo, 3, new byte[] {0}, new byte[] {0});

        start(Stores.worker());

        eventually().until(() -> rows().equals(List.of("[2, 0, 0, 1]")));
        assertThat(number("select oldest_age_millis from worker_presence")).isBetween(99_000L, 130_000L);
        eventually().until(() -> number("select count(*) from worker_presence where accepted_today = 3") == 1);
    }

    @Test
    void anIdleWorkerSaysThatNothingWaits() {
        loop.start();
        start(Stores.worker());

        eventually().until(() -> rows().equals(List.of("[0, 0, 0, 0]")));
        eventually().until(() -> number("select count(*) from worker_presence where draining") == 1);
        assertThat(number("select count(oldest_age_millis) from worker_presence"))
                .isZero();
    }

    @Test
    void publishesAtMostOnceASecondAndKeepsOnDoingSo() throws InterruptedException {
        var times = Collections.synchronizedList(new ArrayList<Long>());
        var fourth = new CountDownLatch(4);
        start(
                new Faults() {
                    @Override
                    void beforeStatement(String sql) {
                        if (sql.contains("insert into worker_presence")) {
                            times.add(System.nanoTime());
                            fourth.countDown();
                        }
                    }
                }.dataSource());

        assertThat(fourth.await(30, TimeUnit.SECONDS)).isTrue();
        for (int i = 1; i < 4; i++) {
            assertThat(Duration.ofNanos(times.get(i) - times.get(i - 1)))
                    .isGreaterThanOrEqualTo(Duration.ofMillis(Presence.INTERVAL_MILLIS));
        }
        assertThat(rows()).hasSize(1);
    }

    @Test
    void aPublicationThatHangsDelaysNoBallot() {
        var hangs = new CountDownLatch(1);
        var mayGoOn = new CountDownLatch(1);
        start(
                new Faults() {
                    @Override
                    void beforeCommit() throws SQLException {
                        hangs.countDown();
                        try {
                            mayGoOn.await();
                        } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                        }
                    }
                }.dataSource());
        try {
            eventually().until(() -> hangs.getCount() == 0);
            Vote.cast(0, Vote.of(1, "cats"));
            loop.start();

            eventually().until(() -> Counted.ballots().size() == 1);
        } finally {
            mayGoOn.countDown();
        }
    }

    @Test
    void aStopWithdrawsTheRowAtOnceAndAStartBringsItBack() {
        var presence = start(Stores.worker());
        start(Stores.worker());
        eventually().until(() -> rows().size() == 2);

        presence.stop();
        assertThat(rows()).hasSize(1);

        presence.start();
        eventually().until(() -> rows().size() == 2);
    }

    @Test
    void theRowOfADeadWorkerGoesAwayAndThatOfAnotherLivingOneStays() {
        Counted.sql("""
                        insert into worker_presence
                        values (gen_random_uuid(), now() - interval '1 minute', true), (gen_random_uuid(), now(), true)
                        """).update();

        start(Stores.worker());

        eventually()
                .until(() ->
                        number("select count(*) from worker_presence where seen_at < now() - interval '30 seconds'")
                                == 0);
        assertThat(rows()).hasSize(2);
    }

    @Test
    void withoutRedisTheWorkerIsThereAndSaysThatItCannotDrain() throws Exception {
        loop.start();
        start(Stores.worker());
        eventually().until(() -> rows().equals(List.of("[0, 0, 0, 0]")));

        Stores.stopRedis();
        eventually().until(() -> rows().equals(List.of("unknown")));
        eventually().until(() -> number("select count(*) from worker_presence where not draining") == 1);
        Stores.startRedis();

        eventually().until(() -> rows().equals(List.of("[0, 0, 0, 0]")));
    }

    @Test
    void aRedisThatDoesNotAnswerMakesNoWorkerLookDead() {
        start(Stores.worker());
        eventually().until(() -> rows().equals(List.of("[0, 0, 0, 0]")));
        try (var patient = new Jedis(Stores.HOST, Stores.redisPort(), 30_000)) {
            patient.clientPause(5_000, ClientPauseMode.ALL);
            var before = number("select extract(epoch from seen_at) * 1000 from worker_presence");

            eventually()
                    .until(() -> number("select extract(epoch from seen_at) * 1000 from worker_presence")
                            >= before + 2 * Presence.INTERVAL_MILLIS);
            assertThat(number("select extract(epoch from now()) * 1000") - before)
                    .isLessThan(5_000);
            patient.ping(); // the tests to come need one that answers
        }
    }

    private Presence start(DataSource dataSource) {
        var presence = new Presence(dataSource, loop, backlog);
        started.add(presence);
        presence.start();
        return presence;
    }

    /** What each worker says that waits. */
    private static List<String> rows() {
        return Counted.sql("select waiting from worker_presence")
                .query((row, number) -> row.getArray(1) == null
                        ? "unknown"
                        : Arrays.toString((Object[]) row.getArray(1).getArray()))
                .list();
    }

    private static long number(String sql) {
        return Counted.sql(sql).query(Long.class).single();
    }
}
