package voting.worker;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.annotation.Profile;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import redis.clients.jedis.exceptions.JedisException;
import voting.worker.BallotStreams.Holding;

/**
 * What is left to do in all streams, whoever drains them. Asked once a second beside the drainers, because a drainer that
 * hangs says nothing. What cannot be asked is not a number; the drainers log why.
 */
@Component
@Profile("!beat")
@EnableScheduling
class Backlog implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Backlog.class);

    private final List<BallotStreams> streams;
    private final BallotStore store = new BallotStore();
    private final DataSource dataSource;
    private volatile Optional<List<Holding>> holdings = Optional.empty();
    private volatile Optional<Progress> progress = Optional.empty();

    Backlog(WorkerSettings settings, DataSource dataSource, MeterRegistry metrics) {
        this.streams = BallotStreams.all(settings);
        this.dataSource = dataSource;
        Gauge.builder("streams.length", this, Backlog::length)
                .description("Entries in all streams: those that wait, and those that are counted but not trimmed yet")
                .register(metrics);
        Gauge.builder("streams.oldest.entry.age", this, Backlog::oldestEntryAgeSeconds)
                .description("Age of the oldest entry of all streams, by Redis' clock; 0 when they are empty")
                .baseUnit("seconds")
                .register(metrics);
        Gauge.builder("streams.position.lag", this, Backlog::positionLag)
                .description("Entries that Redis was given and that are not yet counted in Postgres, over all streams")
                .register(metrics);
    }

    /** What the streams held a moment ago; empty when Redis did not say. For any thread. */
    Optional<List<Holding>> holdings() {
        return holdings;
    }

    /** Ballots of today, counted or not, as of a moment ago; null when either store did not say. For any thread. */
    Long acceptedToday() {
        return progress.map(Progress::acceptedToday).orElse(null);
    }

    @Scheduled(fixedDelay = 1, timeUnit = TimeUnit.SECONDS)
    void read() {
        try {
            holdings = Optional.of(
                    streams.stream().flatMap(some -> some.holdings().stream()).toList());
        } catch (JedisException e) {
            log.debug("The streams cannot be asked", e);
            holdings = Optional.empty();
        }
        progress = holdings.flatMap(this::progress);
    }

    private double length() {
        return holdings.map(known -> known.stream().mapToDouble(Holding::length).sum())
                .orElse(Double.NaN);
    }

    private double oldestEntryAgeSeconds() {
        return holdings.map(known ->
                        known.stream().mapToLong(Holding::oldestAgeMillis).max().orElse(0) / 1_000.0)
                .orElse(Double.NaN);
    }

    private double positionLag() {
        return progress.map(known -> (double) known.lag()).orElse(Double.NaN);
    }

    /** Of all streams together, as of the moment at which the streams were asked. */
    private record Progress(long lag, long acceptedToday) {}

    /** What was drained since the streams were asked is counted, and no lag any more. */
    private Optional<Progress> progress(List<Holding> known) {
        try (var connection = dataSource.getConnection()) {
            var counted = store.counted(connection);
            var lag = known.stream()
                    .mapToLong(holding ->
                            holding.entriesAfter(counted.entriesRead().getOrDefault(holding.stream(), 0L)))
                    .sum();
            return Optional.of(new Progress(lag, counted.today() + lag));
        } catch (SQLException e) {
            log.debug("The positions cannot be asked", e);
            return Optional.empty();
        }
    }

    @Override
    public void close() {
        streams.forEach(BallotStreams::close);
    }
}
