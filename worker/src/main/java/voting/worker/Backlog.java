package voting.worker;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.annotation.Profile;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import redis.clients.jedis.exceptions.JedisException;

/**
 * What is left to do in all streams, whoever drains them. Asked once a second beside the drainers, because a drainer that
 * hangs says nothing. What cannot be asked is not a number; the drainers log why.
 */
@Component
@Profile("!beat")
@EnableScheduling
class Backlog implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Backlog.class);

    private final BallotStreams streams;
    private final BallotStore store = new BallotStore();
    private final DataSource dataSource;
    private volatile double length = Double.NaN;
    private volatile double oldestEntryAgeSeconds = Double.NaN;
    private volatile double positionLag = Double.NaN;

    Backlog(WorkerSettings settings, DataSource dataSource, MeterRegistry metrics) {
        this.streams = new BallotStreams(settings);
        this.dataSource = dataSource;
        Gauge.builder("streams.length", this, backlog -> backlog.length)
                .description("Entries in all streams: those that wait, and those that are counted but not trimmed yet")
                .register(metrics);
        Gauge.builder("streams.oldest.entry.age", this, backlog -> backlog.oldestEntryAgeSeconds)
                .description("Age of the oldest entry of all streams, by Redis' clock; 0 when they are empty")
                .baseUnit("seconds")
                .register(metrics);
        Gauge.builder("streams.position.lag", this, backlog -> backlog.positionLag)
                .description("Entries that Redis was given and that are not yet counted in Postgres, over all streams")
                .register(metrics);
    }

    @Scheduled(fixedDelay = 1, timeUnit = TimeUnit.SECONDS)
    void read() {
        List<BallotStreams.Holding> holdings;
        try {
            holdings = streams.holdings();
            length = holdings.stream().mapToLong(BallotStreams.Holding::length).sum();
            oldestEntryAgeSeconds = holdings.stream()
                            .mapToLong(BallotStreams.Holding::oldestAgeMillis)
                            .max()
                            .orElse(0)
                    / 1_000.0;
        } catch (JedisException e) {
            log.debug("The streams cannot be asked", e);
            length = Double.NaN;
            oldestEntryAgeSeconds = Double.NaN;
            positionLag = Double.NaN;
            return;
        }
        try (var connection = dataSource.getConnection()) {
            var entriesRead = store.entriesRead(connection);
            positionLag = holdings.stream()
                    .mapToLong(holding -> holding.entriesAfter(entriesRead.getOrDefault(holding.stream(), 0L)))
                    .sum();
        } catch (SQLException e) {
            log.debug("The positions cannot be asked", e);
            positionLag = Double.NaN;
        }
    }

    @Override
    public void close() {
        streams.close();
    }
}
