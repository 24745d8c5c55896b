package voting.worker;

import io.micrometer.core.instrument.MeterRegistry;
import io.opentelemetry.api.OpenTelemetry;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Profile;
import org.springframework.stereotype.Component;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Runs drainers until told to stop: waits for entries, drains the streams that have some, backs off during outages,
 * and logs an outage once when it begins and once when it ends.
 *
 * <p>{@link #stop} finishes the batches in hand. Several workers share the streams batch by batch: whoever finds a
 * stream unlocked drains it.
 */
@Component
@Profile("!beat")
class DrainLoop implements SmartLifecycle {

    /**
     * Drainers per worker. Measured on two cores with four streams: one drains at 61 % of the rate of two, and four
     * are no faster. Two also leave streams free for a second worker.
     */
    private static final int DRAINERS = 2;

    /** How long a wait for entries may delay a stop; also how often an idle worker checks both stores. */
    private static final int BLOCK_MILLIS = 1_000;

    /** A batch takes some 20 ms: what is locked now is free again after a few of these. */
    private static final int HELD_ELSEWHERE_PAUSE_MILLIS = 5;

    /** As long as a stream holds more, the next batch is read beside the one in hand; other streams wait so long. */
    private static final int BATCHES_IN_A_ROW = 16;

    private static final int FIRST_BACK_OFF_MILLIS = 50;
    private static final int LONGEST_BACK_OFF_MILLIS = 2_000;

    /** Longer than the longest batch and the longest wait, shorter than the grace period of the container. */
    private static final Duration STOP_DEADLINE = Duration.ofSeconds(15);

    /** SQL states of collisions with another transaction; the batch is simply repeated. */
    private static final Set<String> COLLISIONS = Set.of("40001", "40P01");

    private static final Logger log = LoggerFactory.getLogger(DrainLoop.class);

    private final WorkerSettings settings;
    private final DataSource dataSource;
    private final BallotStore store = new BallotStore();
    private final DrainTelemetry telemetry;
    private final List<Thread> threads = new ArrayList<>();
    private final List<DrainOutage> outages = new CopyOnWriteArrayList<>(List.of(new DrainOutage("")));
    private CountDownLatch stopping = new CountDownLatch(1);
    private volatile TooFewStreamsException tooFewStreams;

    DrainLoop(WorkerSettings settings, DataSource dataSource, MeterRegistry metrics, OpenTelemetry openTelemetry) {
        this.settings = settings;
        this.dataSource = dataSource;
        this.telemetry = new DrainTelemetry(metrics, openTelemetry.getTracer("voting.worker"));
    }

    @Override
    public void start() {
        stopping = new CountDownLatch(1);
        outages.clear();
        var all = BallotStreams.all(settings);
        if (all.size() > 1) { // of a cluster: a drainer each
            all.forEach(streams -> start(streams, new DrainOutage(" " + streams)));
            return;
        }
        var outage = new DrainOutage("");
        all.forEach(streams -> start(streams, outage));
        for (int i = 1; i < Math.min(DRAINERS, settings.vote().streams()); i++) {
            start(new BallotStreams(settings), outage);
        }
    }

    private void start(BallotStreams streams, DrainOutage outage) {
        outages.add(outage);
        threads.add(Thread.ofPlatform().name("drainer-" + threads.size()).start(() -> run(streams, outage)));
    }

    @Override
    public void stop() {
        stopping.countDown();
        log.info("Stopping: finishing the batches in hand.");
        var deadline = Instant.now().plus(STOP_DEADLINE);
        for (var thread : threads) {
            try {
                if (!thread.join(Duration.between(Instant.now(), deadline))) {
                    log.warn("{} did not finish in time. Its transaction will roll back, nothing is lost.", thread);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        threads.clear();
    }

    @Override
    public boolean isRunning() {
        return !threads.isEmpty();
    }

    /** Since when the worker cannot drain, or not all streams; null when all is well. */
    Instant failingSince() {
        return outages.stream()
                .map(DrainOutage::since)
                .filter(Objects::nonNull)
                .min(Comparator.naturalOrder())
                .orElse(null);
    }

    /** What keeps the worker from draining; only meaningful while {@link #failingSince()} is not null. */
    String failure() {
        return outages.stream()
                .filter(outage -> outage.since() != null)
                .map(DrainOutage::reason)
                .findFirst()
                .orElse("");
    }

    private void run(BallotStreams toClose, DrainOutage outage) {
        try (var streams = toClose) {
            var drainer = new Drainer(
                    streams, store, dataSource, settings.poll().options().ids(), telemetry);
            var backOffMillis = FIRST_BACK_OFF_MILLIS;
            while (!isStopping()) {
                try {
                    if (outage.since() != null) {
                        createPositions();
                    }
                    var allHeldElsewhere = streams.numbers().isEmpty()
                            ? watchBeyondTheLast(streams, outage)
                            : drainWaiting(streams, drainer, outage);
                    backOffMillis = FIRST_BACK_OFF_MILLIS;
                    if (allHeldElsewhere) {
                        pause(HELD_ELSEWHERE_PAUSE_MILLIS);
                    }
                } catch (SQLException e) {
                    if (!COLLISIONS.contains(String.valueOf(e.getSQLState()))) {
                        outage.noteFailure("Postgres", e);
                        backOffMillis = backOff(backOffMillis);
                    }
                } catch (JedisException e) {
                    outage.noteFailure("Redis", e);
                    backOffMillis = backOff(backOffMillis);
                } catch (TooFewStreamsException e) {
                    outage.noteFailure("Settings", e);
                    backOffMillis = backOff(backOffMillis);
                } catch (RuntimeException | Error e) { // a worker whose drainers have ended would still look well
                    log.error("A step failed unexpectedly; nothing is lost. Will keep trying.", e);
                    outage.noteFailure("A fault of ours", e);
                    backOffMillis = backOff(backOffMillis);
                } finally {
                    DrainTelemetry.forgetSpan();
                }
            }
        }
    }

    /** Of a cluster, the stream that must stay empty is watched apart; as long as it is not, nothing is drained. */
    private boolean watchBeyondTheLast(BallotStreams streams, DrainOutage outage) {
        try {
            streams.awaitEntries(BLOCK_MILLIS);
            tooFewStreams = null;
            outage.noteSuccess(outage.failures());
            return false;
        } catch (TooFewStreamsException e) {
            tooFewStreams = e;
            throw e;
        }
    }

    /** Waits for entries and drains one batch of each stream that has some; true when all were held elsewhere. */
    private boolean drainWaiting(BallotStreams streams, Drainer drainer, DrainOutage outage) throws SQLException {
        if (tooFewStreams != null) {
            throw tooFewStreams;
        }
        var failuresBefore = outage.failures();
        var waiting = streams.awaitEntries(BLOCK_MILLIS);
        if (waiting.isEmpty()) {
            // Nothing to do: look at one stream all the same, so that an idle worker notices a lost Postgres.
            var numbers = streams.numbers();
            drainBatch(
                    drainer, numbers.get(ThreadLocalRandom.current().nextInt(numbers.size())), outage, failuresBefore);
            return false;
        }
        var allHeldElsewhere = true;
        var first = ThreadLocalRandom.current().nextInt(waiting.size()); // drainers start apart from each other
        for (int i = 0; i < waiting.size() && !isStopping(); i++) {
            allHeldElsewhere &= !drainSome(drainer, waiting.get((first + i) % waiting.size()), outage, failuresBefore);
        }
        return allHeldElsewhere;
    }

    /** Drains one stream until it is empty, or it is time for the next one; false when it was held elsewhere. */
    private boolean drainSome(Drainer drainer, int stream, DrainOutage outage, int failuresBefore) throws SQLException {
        for (int batches = 1; ; batches++) {
            var outcome = drainBatch(drainer, stream, outage, failuresBefore);
            if (!outcome.full() || batches == BATCHES_IN_A_ROW || isStopping()) {
                return outcome.held();
            }
        }
    }

    private Drainer.Outcome drainBatch(Drainer drainer, int stream, DrainOutage outage, int failuresBefore)
            throws SQLException {
        var outcome = drainer.drainOnce(stream);
        outage.noteSuccess(failuresBefore);
        if (outcome.rejected() > 0) {
            log.warn("{} entries are no ballots; they are kept in rejected_entry.", outcome.rejected());
        }
        return outcome;
    }

    private void createPositions() throws SQLException {
        try (var connection = dataSource.getConnection()) {
            store.createPositions(connection, settings.vote().streams());
            connection.commit();
        }
    }

    /** Waits with jitter, so that many workers do not come back at the same moment; returns the next wait. */
    private int backOff(int millis) {
        pause(millis / 2 + ThreadLocalRandom.current().nextInt(millis));
        return Math.min(2 * millis, LONGEST_BACK_OFF_MILLIS);
    }

    private void pause(int millis) {
        try {
            stopping.await(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            stopping.countDown();
        }
    }

    private boolean isStopping() {
        return stopping.getCount() == 0;
    }
}
