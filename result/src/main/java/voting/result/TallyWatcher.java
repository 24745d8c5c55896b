package voting.result;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.postgresql.PGConnection;
import org.postgresql.ds.PGSimpleDataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/**
 * Keeps the newest tally: one thread with one connection listens for the worker's notifications and reads once per
 * notification, however many ballots or viewers there are. What arrives while it reads or paces itself is covered by
 * its next read.
 *
 * <p>{@link #audience} and {@link #current} may be used by any thread. During an outage they keep the last tally and
 * say since when it is out of date; the watcher reconnects by itself.
 *
 * <p>Cost per update: two reads of a few dozen rows, and a look at Postgres' clock.
 */
@Component
class TallyWatcher extends Watcher {

    /** A notification may be lost with its connection: read this often even without one. Also bounds a stop. */
    private static final int REREAD_MILLIS = 2_000;

    /** Silence of Postgres after which it counts as gone; a read takes a millisecond. */
    private static final int SOCKET_TIMEOUT_SECONDS = 3;

    /** Pushes are at least so far apart: 20 a second move smoothly. */
    private static final Duration SHORTEST_PUSH_INTERVAL = Duration.ofMillis(50);

    /** Added per viewer, because a push to all of them takes so much longer: 1,000 get 14 a second, 10,000 get 4. */
    private static final Duration PUSH_INTERVAL_PER_VIEWER = Duration.ofNanos(20_000);

    private static final int FIRST_BACK_OFF_MILLIS = 100;
    private static final int LONGEST_BACK_OFF_MILLIS = 2_000;

    /** From milliseconds when idle to what a viewer takes for a standstill; a second is the most that it should be. */
    private static final Duration[] DELAY_BUCKETS = IntStream.of(
                    5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000)
            .mapToObj(Duration::ofMillis)
            .toArray(Duration[]::new);

    private static final Logger log = LoggerFactory.getLogger(TallyWatcher.class);

    private final ResultSettings settings;
    private final JsonMapper json;
    private final Audience<Snapshot> audience;
    private final Tracer tracer;
    private final Counter pushes;
    private final Timer countedToPushed;
    private volatile Snapshot current = Snapshot.EMPTY;
    private volatile Instant lastRead = Instant.EPOCH;
    private volatile String failure = "starting";

    TallyWatcher(ResultSettings settings, JsonMapper json, MeterRegistry metrics, OpenTelemetry openTelemetry) {
        super("tally-watcher", Duration.ofMillis(2 * REREAD_MILLIS));
        this.settings = settings;
        this.json = json;
        this.audience = new Audience<>(Snapshot.EMPTY, Snapshot::eventsSince, metrics);
        this.tracer = openTelemetry.getTracer("voting.result");
        this.pushes = Counter.builder("tally.pushes")
                .description("Changed tallies that were handed to the viewers; one for all of them")
                .register(metrics);
        this.countedToPushed = Timer.builder("tally.counted.to.pushed")
                .description(
                        "Per commit of a worker: from counting, by Postgres' clock, until the tally was handed over")
                .serviceLevelObjectives(DELAY_BUCKETS)
                .register(metrics);
        Gauge.builder("tally.read.timestamp", this, watcher -> watcher.lastRead.toEpochMilli() / 1_000.0)
                .description("When the tally was last read from Postgres; 0 before the first time")
                .baseUnit("seconds")
                .register(metrics);
        Gauge.builder("result.viewers", this, TallyWatcher::viewers)
                .description("Viewers connected to /events")
                .register(metrics);
    }

    /** Those who are told of each new snapshot. */
    Audience<Snapshot> audience() {
        return audience;
    }

    Snapshot current() {
        return current;
    }

    /** Why the tally cannot be read; only meaningful while it cannot. */
    String failure() {
        return failure;
    }

    int viewers() {
        return audience.size();
    }

    @Override
    void watch() {
        var backOffMillis = FIRST_BACK_OFF_MILLIS;
        while (!isStopping()) {
            try (var connection = connect(settings.postgres())) {
                listen(connection);
                backOffMillis = FIRST_BACK_OFF_MILLIS;
                var commits = List.<Commit>of();
                while (!isStopping()) {
                    readAndPush(connection, commits);
                    forgetSpan();
                    pause(pushInterval());
                    commits = Commit.of(connection.unwrap(PGConnection.class).getNotifications(REREAD_MILLIS));
                }
            } catch (SQLException e) {
                noteOutage(e);
                forgetSpan();
                // With jitter, so that many instances do not come back at the same moment.
                pause(Duration.ofMillis(
                        backOffMillis / 2 + ThreadLocalRandom.current().nextInt(backOffMillis)));
                backOffMillis = Math.min(2 * backOffMillis, LONGEST_BACK_OFF_MILLIS);
            }
        }
    }

    static Connection connect(ResultSettings.Postgres postgres) throws SQLException {
        var dataSource = new PGSimpleDataSource();
        dataSource.setURL(postgres.jdbcUrl());
        dataSource.setUser(postgres.user());
        dataSource.setPassword(postgres.password());
        dataSource.setApplicationName("result");
        dataSource.setConnectTimeout(SOCKET_TIMEOUT_SECONDS);
        dataSource.setSslResponseTimeout(SOCKET_TIMEOUT_SECONDS * 1_000);
        dataSource.setSocketTimeout(SOCKET_TIMEOUT_SECONDS);
        dataSource.setTcpKeepAlive(true);
        return dataSource.getConnection();
    }

    /** What the driver says about standbys names only its own setting. */
    static String reason(SQLException e) {
        return e.getMessage().contains("targetServerType")
                ? "POSTGRES_HOST names no primary: what answers there is a standby, or read-only"
                : e.getMessage();
    }

    /** Before the first read: what changes after that read is then sure to be notified. */
    private static void listen(Connection connection) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute("listen tally");
        }
    }

    private void readAndPush(Connection connection, List<Commit> commits) throws SQLException {
        var span = startSpan(commits);
        var scope = span.makeCurrent();
        try {
            readAndPush(connection);
            recordDelays(connection, commits);
        } finally {
            scope.close();
            span.end();
        }
    }

    /**
     * Part of the first trace that it comes from, and linked to the others; none when there is no trace. What this thread
     * logs carries its ids until {@link #forgetSpan}.
     */
    private Span startSpan(List<Commit> commits) {
        var traced = commits.stream()
                .map(Commit::span)
                .filter(SpanContext::isSampled)
                .toList();
        if (traced.isEmpty()) {
            return Span.getInvalid();
        }
        var span = tracer.spanBuilder("push tally")
                .setParent(Context.root().with(Span.wrap(traced.getFirst())))
                .setAttribute("viewers", viewers());
        traced.stream().skip(1).forEach(span::addLink);
        var started = span.startSpan();
        if (started.getSpanContext().isSampled()) {
            MDC.put("trace.id", started.getSpanContext().getTraceId());
            MDC.put("span.id", started.getSpanContext().getSpanId());
        }
        return started;
    }

    /** What is logged from now on is not about the last push. */
    private static void forgetSpan() {
        MDC.remove("trace.id");
        MDC.remove("span.id");
    }

    private void readAndPush(Connection connection) throws SQLException {
        var votesByOption = new HashMap<String, Long>();
        var votesByMinute = new HashMap<Instant, Long>();
        read(
                connection,
                "select choice, sum(votes) from tally group by choice",
                row -> votesByOption.put(row.getString(1), row.getLong(2)));
        read(
                connection,
                "select minute, sum(votes) from votes_per_minute where minute > now() - interval '1 hour' group by minute",
                row -> votesByMinute.put(row.getTimestamp(1).toInstant(), row.getLong(2)));
        var now = Instant.now();
        lastRead = now;
        var before = current;
        push(before.read(Tally.of(settings.poll(), votesByOption, now), Activity.of(votesByMinute, now), json));
        if (before.unreachableSince() != null) {
            log.info("Postgres can be read again, after {}.", Duration.between(before.unreachableSince(), now));
            recordOutage(before.tally());
        }
    }

    /** What was counted meanwhile was notified to nobody: one measurement stands for it. */
    private void recordOutage(Tally before) {
        if (before != null && !current.tally().hasSameVotesAs(before)) {
            countedToPushed.record(
                    Duration.between(before.asOf(), current.tally().asOf()));
        }
    }

    /** Both times are Postgres' own, whatever our clock says. */
    private void recordDelays(Connection connection, List<Commit> commits) throws SQLException {
        if (commits.isEmpty()) {
            return;
        }
        read(connection, "select (extract(epoch from clock_timestamp()) * 1000)::bigint", row -> {
            for (var commit : commits) {
                countedToPushed.record(row.getLong(1) - commit.atMillis(), TimeUnit.MILLISECONDS);
            }
        });
    }

    private interface RowReader {
        void read(java.sql.ResultSet row) throws SQLException;
    }

    private static void read(Connection connection, String sql, RowReader reader) throws SQLException {
        try (var select = connection.prepareStatement(sql);
                var row = select.executeQuery()) {
            while (row.next()) {
                reader.read(row);
            }
        }
    }

    private void noteOutage(SQLException e) {
        failure = reason(e);
        if (current.unreachableSince() == null && !isStopping()) {
            log.warn("Postgres cannot be read: {}. Viewers keep the last tally. Will keep trying.", failure);
            push(current.unreachable(Instant.now(), json));
        }
    }

    private void push(Snapshot snapshot) {
        if (snapshot.tallyEvent() != current.tallyEvent()) {
            pushes.increment();
        }
        current = snapshot;
        audience.tell(snapshot);
        noteNews();
    }

    private Duration pushInterval() {
        return SHORTEST_PUSH_INTERVAL.plus(PUSH_INTERVAL_PER_VIEWER.multipliedBy(viewers()));
    }
}
