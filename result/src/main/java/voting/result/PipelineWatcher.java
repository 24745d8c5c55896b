package voting.result;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;
import tools.jackson.databind.json.JsonMapper;

/**
 * Keeps the newest picture of the pipeline, with a thread and a connection of its own: the tally never waits for it. Any
 * thread may use {@link #events} and {@link #current}.
 *
 * <p>A worker that stops is noticed within two seconds: it writes once a second, is believed for {@link #BELIEVED}, and
 * is read every {@link #READ_INTERVAL}.
 */
@Component
class PipelineWatcher implements SmartLifecycle {

    /** Half a second longer than a worker's interval: for a late thread, or a slow write. */
    static final Duration BELIEVED = Duration.ofMillis(1_500);

    /** While somebody looks. */
    private static final Duration READ_INTERVAL = Duration.ofMillis(250);

    /** While nobody does: pages are filled in from the last read. */
    private static final Duration IDLE_READ_INTERVAL = Duration.ofSeconds(1);

    private static final Duration FIRST_READ_PATIENCE = Duration.ofSeconds(2);

    // One table per statement: nothing waits for us with a lock on another one, whoever empties both.

    private static final String WORKERS = """
            select workers, draining, waiting, oldest_age_millis
            from (
                select count(*) as workers, coalesce(bool_or(draining), false) as draining
                from worker_presence where seen_at > now() - ? * interval '1 millisecond'
            ) as all_of_them
            left join (
                select waiting, oldest_age_millis
                from worker_presence where seen_at > now() - ? * interval '1 millisecond' and waiting is not null
                order by seen_at desc limit 1
            ) as latest on true
            """;

    private static final String COUNTED_TODAY =
            "select coalesce(sum(votes), 0) from votes_per_minute where minute >= date_trunc('day', now(), 'UTC')";

    private static final Logger log = LoggerFactory.getLogger(PipelineWatcher.class);

    private final ResultSettings settings;
    private final TallyWatcher tallyWatcher;
    private final JsonMapper json;
    private final Sinks.Many<byte[]> sink = Sinks.many().replay().latest();
    private final CountDownLatch firstRead = new CountDownLatch(1);
    private final CountDownLatch stopping = new CountDownLatch(1);
    private volatile Pipeline current = Pipeline.UNKNOWN;
    private boolean failureLogged;
    private Thread thread;

    PipelineWatcher(ResultSettings settings, TallyWatcher tallyWatcher, JsonMapper json) {
        this.settings = settings;
        this.tallyWatcher = tallyWatcher;
        this.json = json;
    }

    /** The newest picture and all that follow; never ends. */
    Flux<byte[]> events() {
        return sink.asFlux();
    }

    Pipeline current() {
        return current;
    }

    /** Started before the web server. */
    @Override
    public int getPhase() {
        return WebServerApplicationContext.START_STOP_LIFECYCLE_PHASE - 1;
    }

    @Override
    public void start() {
        thread = Thread.ofPlatform().name("pipeline-watcher").daemon().start(this::run);
        try {
            firstRead.await(FIRST_READ_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void stop() {
        stopping.countDown();
        try {
            thread.join(IDLE_READ_INTERVAL);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public boolean isRunning() {
        return thread != null && thread.isAlive();
    }

    private void run() {
        while (!isStopping()) {
            try (var connection = TallyWatcher.connect(settings.postgres())) {
                while (!isStopping()) {
                    push(read(connection));
                    failureLogged = false;
                    pause();
                }
            } catch (SQLException e) {
                noteFailure(e);
                pause();
            }
        }
    }

    private Pipeline read(Connection connection) throws SQLException {
        var countedToday = countedToday(connection);
        var tally = tallyWatcher.current().tally();
        try (var select = connection.prepareStatement(WORKERS)) {
            select.setLong(1, BELIEVED.toMillis());
            select.setLong(2, BELIEVED.toMillis());
            try (var row = select.executeQuery()) {
                row.next();
                return new Pipeline(
                        state(row.getInt("workers"), row.getBoolean("draining")),
                        row.getInt("workers"),
                        waiting(row),
                        row.getObject("oldest_age_millis", Long.class),
                        countedToday,
                        tally == null ? null : tally.total(),
                        tallyWatcher.viewers());
            }
        }
    }

    private static long countedToday(Connection connection) throws SQLException {
        try (var select = connection.prepareStatement(COUNTED_TODAY);
                var row = select.executeQuery()) {
            row.next();
            return row.getLong(1);
        }
    }

    private static Pipeline.State state(int workers, boolean draining) {
        if (workers == 0) {
            return Pipeline.State.STOPPED;
        }
        return draining ? Pipeline.State.FLOWING : Pipeline.State.BLOCKED;
    }

    private static List<Long> waiting(ResultSet row) throws SQLException {
        var waiting = row.getArray("waiting");
        return waiting == null ? null : List.of((Long[]) waiting.getArray());
    }

    private void noteFailure(SQLException e) {
        push(current.unreachable());
        if (!failureLogged && !isStopping()) {
            log.warn("The pipeline cannot be read: {}. Will keep trying.", e.getMessage());
            failureLogged = true;
        }
    }

    private void push(Pipeline pipeline) {
        if (firstRead.getCount() > 0 || !pipeline.equals(current)) {
            current = pipeline;
            sink.emitNext(
                    Snapshot.event("pipeline", json.writeValueAsBytes(pipeline)), Sinks.EmitFailureHandler.FAIL_FAST);
            firstRead.countDown();
        }
    }

    private void pause() {
        var interval = sink.currentSubscriberCount() > 0 ? READ_INTERVAL : IDLE_READ_INTERVAL;
        try {
            stopping.await(interval.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            stopping.countDown();
        }
    }

    private boolean isStopping() {
        return stopping.getCount() == 0;
    }
}
