package voting.worker;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Profile;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/**
 * {@code beat}: recounts the ballots and compares with the tally, which must never differ, and keeps Postgres' planner
 * informed. Any number may run; an advisory lock lets one audit at a time do the work.
 */
@Component
@Profile("beat")
@EnableScheduling
class Audit implements HealthIndicator {

    /** Any number that no other user of the database takes; these are the letters "vote". */
    private static final int ADVISORY_LOCK = 0x766f7465;

    private static final Logger log = LoggerFactory.getLogger(Audit.class);

    private final DataSource dataSource;
    private final AtomicLong drift = new AtomicLong();
    private final AtomicLong missing = new AtomicLong();
    private volatile Instant lastSuccess = Instant.EPOCH;
    private volatile String failure = "no audit has run yet";
    private boolean failureLogged;

    Audit(DataSource dataSource, MeterRegistry metrics) {
        this.dataSource = dataSource;
        Gauge.builder("audit.drift", drift, AtomicLong::get)
                .description("Votes by which tally and ballots differ, summed over the options; always 0")
                .register(metrics);
        Gauge.builder("audit.missing", missing, AtomicLong::get)
                .description("Ballots that were counted in another database than this; 0 unless it was restored")
                .register(metrics);
        Gauge.builder("audit.last.success.timestamp", this, audit -> audit.lastSuccess.toEpochMilli() / 1_000.0)
                .description("When the last audit of this process ended; 0 before the first")
                .baseUnit("seconds")
                .register(metrics);
    }

    @Scheduled(fixedDelayString = "${AUDIT_INTERVAL:60s}")
    void run() {
        try (var connection = dataSource.getConnection()) {
            var ours = tryLock(connection);
            if (ours) {
                audit(connection);
                countMissing(connection);
                maintain(connection);
            }
            connection.commit();
            if (ours) {
                lastSuccess = Instant.now();
            }
            failure = null;
            failureLogged = false;
        } catch (SQLException e) {
            failure = PostgresSettings.reason(e);
            if (!failureLogged) {
                log.warn("The audit could not run: {}. Will try again at its next time.", failure);
                failureLogged = true;
            }
        }
    }

    /** The lock goes with the transaction, whatever becomes of the process. */
    private static boolean tryLock(Connection connection) throws SQLException {
        try (var statement = connection.prepareStatement("select pg_try_advisory_xact_lock(?)")) {
            statement.setInt(1, ADVISORY_LOCK);
            try (var row = statement.executeQuery()) {
                return row.next() && row.getBoolean(1);
            }
        }
    }

    /** One statement, so that both sides are seen at the same moment, whatever is being counted meanwhile. */
    private void audit(Connection connection) throws SQLException {
        var ballots = 0L;
        var differences = new ArrayList<String>();
        var sum = 0L;
        try (var statement = connection.prepareStatement("""
                        select choice, coalesce(counted.votes, 0), coalesce(stored.votes, 0)
                        from (select choice, sum(votes) as votes from tally group by choice) as counted
                        full join (select choice, count(*) as votes from ballot group by choice) as stored using (choice)
                        """);
                var row = statement.executeQuery()) {
            while (row.next()) {
                var difference = row.getLong(2) - row.getLong(3);
                ballots += row.getLong(3);
                sum += Math.abs(difference);
                if (difference != 0) {
                    differences.add("%s %+d".formatted(row.getString(1), difference));
                }
            }
        }
        drift.set(sum);
        if (sum == 0) {
            log.info("Audit: {} ballots, the tally agrees.", ballots);
        } else {
            log.error("Audit: {} ballots, and the tally differs: {}. Ballots are what counts.", ballots, differences);
        }
    }

    private void countMissing(Connection connection) throws SQLException {
        try (var statement = connection.createStatement();
                var row = statement.executeQuery("select coalesce(sum(entries_missing), 0) from stream_position")) {
            row.next();
            missing.set(row.getLong(1));
        }
        if (missing.get() > 0) {
            log.error("Audit: {} ballots are missing since this database was replaced or set back.", missing);
        }
    }

    private static void maintain(Connection connection) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute("delete from votes_per_minute where minute < now() - interval '1 day'");
            statement.execute("analyze ballot, tally, votes_per_minute");
        }
    }

    @Override
    public Health health() {
        return failure == null
                ? Health.up().build()
                : Health.down().withDetail("reason", failure).build();
    }
}
