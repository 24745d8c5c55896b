package voting.result;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
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
 * <p>Cost per update: two reads of a few dozen rows.
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

    private static final Logger log = LoggerFactory.getLogger(TallyWatcher.class);

    private final ResultSettings settings;
    private final JsonMapper json;
    private final Sinks.Many<Snapshot> sink = Sinks.many().replay().latest();
    private final CountDownLatch firstNews = new CountDownLatch(1);
    private final CountDownLatch stopping = new CountDownLatch(1);
    private volatile Snapshot current = Snapshot.EMPTY;
    private Thread thread;

    TallyWatcher(ResultSettings settings, JsonMapper json) {
        this.settings = settings;
        this.json = json;
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
            try (var connection = connect()) {
                listen(connection);
                backOffMillis = FIRST_BACK_OFF_MILLIS;
                while (!isStopping()) {
                    readAndPush(connection);
                    pause(pushInterval());
                    connection.unwrap(PGConnection.class).getNotifications(REREAD_MILLIS);
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

    private Connection connect() throws SQLException {
        var postgres = settings.postgres();
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
        var outageBefore = current.unreachableSince();
        push(current.read(Tally.of(settings.poll(), votesByOption, now), Activity.of(votesByMinute, now), json));
        if (outageBefore != null) {
            log.info("Postgres can be read again, after {}.", Duration.between(outageBefore, now));
        }
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
