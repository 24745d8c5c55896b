package voting.result;

import io.micrometer.core.instrument.MeterRegistry;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/**
 * Keeps the newest picture of the pipeline, with a thread and a connection of its own: the tally never waits for it. Any
 * thread may use {@link #audience} and {@link #current}.
 *
 * <p>A worker that stops is noticed within two seconds: it writes once a second, is believed for {@link #BELIEVED}, and
 * is read every {@link #READ_INTERVAL}.
 */
@Component
class PipelineWatcher extends Watcher {

    /** Half a second longer than a worker's interval: for a late thread, or a slow write. */
    static final Duration BELIEVED = Duration.ofMillis(1_500);

    /** While somebody looks. */
    private static final Duration READ_INTERVAL = Duration.ofMillis(250);

    /** While nobody does: pages are filled in from the last read. */
    private static final Duration IDLE_READ_INTERVAL = Duration.ofSeconds(1);

    // One table per statement: nothing waits for us with a lock on another one, whoever empties both.

    private static final String WORKERS = """
            select workers, draining, waiting, oldest_age_millis, accepted_today
            from (
                select count(*) as workers, coalesce(bool_or(draining), false) as draining
                from worker_presence where seen_at > now() - ? * interval '1 millisecond'
            ) as all_of_them
            left join (
                select waiting, oldest_age_millis, accepted_today
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
    private final Audience<byte[]> audience;
    private volatile Pipeline current = Pipeline.UNKNOWN;
    private boolean failureLogged;

    PipelineWatcher(ResultSettings settings, TallyWatcher tallyWatcher, JsonMapper json, MeterRegistry metrics) {
        super("pipeline-watcher", IDLE_READ_INTERVAL);
        this.settings = settings;
        this.tallyWatcher = tallyWatcher;
        this.json = json;
        this.audience = new Audience<>(new byte[0], (event, seen) -> event, metrics);
    }

    /** Those who are told of each new picture. */
    Audience<byte[]> audience() {
        return audience;
    }

    Pipeline current() {
        return current;
    }

    @Override
    void watch() {
        while (!isStopping()) {
            try (var connection = TallyWatcher.connect(settings.postgres())) {
                while (!isStopping()) {
                    push(read(connection));
                    failureLogged = false;
                    pause(interval());
                }
            } catch (SQLException e) {
                noteFailure(e);
                pause(interval());
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
                        acceptedToday(row, countedToday),
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

    /** What a worker told is up to two seconds old: more may be counted by now. */
    private static Long acceptedToday(ResultSet row, long countedToday) throws SQLException {
        var told = row.getObject("accepted_today", Long.class);
        return told == null ? null : Long.valueOf(Math.max(told, countedToday));
    }

    private void noteFailure(SQLException e) {
        push(current.unreachable());
        if (!failureLogged && !isStopping()) {
            log.warn("The pipeline cannot be read: {}. Will keep trying.", TallyWatcher.reason(e));
            failureLogged = true;
        }
    }

    private void push(Pipeline pipeline) {
        if (!hasHadNews() || !pipeline.equals(current)) {
            current = pipeline;
            audience.tell(Snapshot.event("pipeline", json.writeValueAsBytes(pipeline)));
            noteNews();
        }
    }

    private Duration interval() {
        return audience.size() > 0 ? READ_INTERVAL : IDLE_READ_INTERVAL;
    }
}
