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
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.postgresql.PGConnection;
import org.postgresql.ds.PGSimpleDataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;
import tools.jackson.databind.json.JsonMapper;

/**
 * Keeps the newest tally: one thread with one connection listens for the worker's notifications and reads once per
 * notification, however many ballots or viewers there are. What arrives while it reads or paces itself is covered by
 * its next read.
 *
 * <p>{@link #snapshots} and {@link #current} may be used by any thread. During an outage they keep the last tally and
 * say since when it is out of date; the watcher reconnects by itself.
 *
 * <p>Cost per update: two reads of a few dozen rows, and a look at Postgres' clock.
 */
@Component
class TallyWatcher implements SmartLifecycle {

    /** A notification may be lost with its connection: read this often even without one. Also bounds a stop. */
    private static final int REREAD_MILLIS = 2_000;

    /** Silence of Postgres after which it counts as gone; a read takes a millisecond. */
    private static final int SOCKET_TIMEOUT_SECONDS = 3;

    /** Pushes are at least so far apart: 20 a second move smoothly. */
    private static final Duration SHORTEST_PUSH_INTERVAL = Duration.ofMillis(50);

    /** Added per viewer, because a push to all of them takes so much longer: 1,000 get 14 a second, 10,000 get 4. */
    private static final Duration PUSH_INTERVAL_PER_VIEWER = Duration.ofNanos(20_000);

    /** How long the first requests wait for the first read, so that none is told of an outage that there is not. */
    private static final Duration FIRST_READ_PATIENCE = Duration.ofSeconds(2);

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
    private final Sinks.Many<Snapshot> sink = Sinks.many().replay().latest();
    private final CountDownLatch firstNews = new CountDownLatch(1);
    private final CountDownLatch stopping = new CountDownLatch(1);
    private final Tracer tracer;
    private final Counter pushes;
    private final Timer countedToPushed;
    private volatile Snapshot current = Snapshot.EMPTY;
    private volatile Instant lastRead = Instant.EPOCH;
    private Thread thread;

    TallyWatcher(ResultSettings settings, JsonMapper json, MeterRegistry metrics, OpenTelemetry openTelemetry) {
        this.settings = settings;
        this.json = json;
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

    /** The newest snapshot and all that follow; never ends. */
    Flux<Snapshot> snapshots() {
        return sink.asFlux();
    }

    Snapshot current() {
        return current;
    }

    int viewers() {
        return sink.currentSubscriberCount();
    }

    /** Started before the web server. */
    @Override
    public int getPhase() {
        return WebServerApplicationContext.START_STOP_LIFECYCLE_PHASE - 1;
    }

    @Override
    public void start() {
        thread = Thread.ofPlatform().name("tally-watcher").start(this::run);
        try {
            firstNews.await(FIRST_READ_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void stop() {
        stopping.countDown();
        try {
            thread.join(Duration.ofMillis(2 * REREAD_MILLIS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public boolean isRunning() {
        return thread != null && thread.isAlive();
    }

    private void run() {
        var backOffMillis = FIRST_BACK_OFF_MILLIS;
        while (!isStopping()) {
            try (var connection = connect(settings.postgres())) {
                listen(connection);
                backOffMillis = FIRST_BACK_OFF_MILLIS;
                var commits = List.<Commit>of();
                while (!isStopping()) {
                    readAndPush(connection, commits);
                    pause(pushInterval());
                    commits = Commit.of(connection.unwrap(PGConnection.class).getNotifications(REREAD_MILLIS));
                }
            } catch (SQLException e) {
                noteOutage(e);
                // With jitter, so that many instances do not come back at the same moment.
                pause(Duration.ofMillis(
                        backOffMillis / 2 + ThreadLocalRandom.current().nextInt(backOffMillis)));
                backOffMillis = Math.min(2 * backOffMillis, LONGEST_BACK_OFF_MILLIS);
            }
        }
    }

    static Connection connect(ResultSettings.Postgres postgres) throws SQLException {
        var dataSource = new PGSimpleDataSource();
        dataSource.setServerNames(new String[] {postgres.host()});
        dataSource.setPortNumbers(new int[] {postgres.port()});
        dataSource.setDatabaseName(postgres.db());
        dataSource.setUser(postgres.user());
        dataSource.setPassword(postgres.password());
        dataSource.setApplicationName("result");
        dataSource.setConnectTimeout(SOCKET_TIMEOUT_SECONDS);
        dataSource.setSocketTimeout(SOCKET_TIMEOUT_SECONDS);
        dataSource.setTcpKeepAlive(true);
        return dataSource.getConnection();
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

    /** Part of the first trace that it comes from, and linked to the others; none when there is no trace. */
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
        return span.startSpan();
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
        var outageBefore = current.unreachableSince();
        push(current.read(Tally.of(settings.poll(), votesByOption, now), Activity.of(votesByMinute, now), json));
        if (outageBefore != null) {
            log.info("Postgres can be read again, after {}.", Duration.between(outageBefore, now));
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
        if (current.unreachableSince() == null && !isStopping()) {
            log.warn("Postgres cannot be read: {}. Viewers keep the last tally. Will keep trying.", e.getMessage());
            push(current.unreachable(Instant.now(), json));
        }
    }

    private void push(Snapshot snapshot) {
        if (snapshot.tallyEvent() != current.tallyEvent()) {
            pushes.increment();
        }
        current = snapshot;
        sink.emitNext(snapshot, Sinks.EmitFailureHandler.FAIL_FAST);
        firstNews.countDown();
    }

    private Duration pushInterval() {
        return SHORTEST_PUSH_INTERVAL.plus(PUSH_INTERVAL_PER_VIEWER.multipliedBy(viewers()));
    }

    private void pause(Duration duration) {
        try {
            stopping.await(duration.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            stopping.countDown();
        }
    }

    private boolean isStopping() {
        return stopping.getCount() == 0;
    }
}
