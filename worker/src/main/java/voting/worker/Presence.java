package voting.worker;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Types;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Profile;
import org.springframework.stereotype.Component;
import voting.worker.BallotStreams.Holding;

/**
 * Publishes once a second, in Postgres, that this worker is there, whether it can drain, and what waits in Redis. A stop
 * withdraws it at once; who dies is told by the age of its row.
 *
 * <p>Delays no ballot: it has a thread and transactions of its own, and asks Redis nothing, so that one that does not
 * answer cannot make this worker look dead. A failure is no news here, as the drain fails for the same reason and says so.
 */
@Component
@Profile("!beat")
class Presence implements SmartLifecycle {

    /** From the end of one to the start of the next, so that a stall is not made up for in a burst. */
    static final int INTERVAL_MILLIS = 1_000;

    /** Long after result has stopped to believe a row. */
    private static final String DELETE_THE_DEAD =
            "delete from worker_presence where seen_at < now() - interval '10 seconds'";

    private static final String PUBLISH = """
            insert into worker_presence (worker, seen_at, draining, waiting, oldest_age_millis, accepted_today)
            values (?, now(), ?, ?, ?, ?)
            on conflict (worker) do update set
                seen_at = excluded.seen_at,
                draining = excluded.draining,
                waiting = excluded.waiting,
                oldest_age_millis = excluded.oldest_age_millis,
                accepted_today = excluded.accepted_today
            """;

    private static final Logger log = LoggerFactory.getLogger(Presence.class);

    private final DataSource dataSource;
    private final DrainLoop drainLoop;
    private final Backlog backlog;
    private final UUID worker = UUID.randomUUID();
    private ScheduledExecutorService thread;

    Presence(DataSource dataSource, DrainLoop drainLoop, Backlog backlog) {
        this.dataSource = dataSource;
        this.drainLoop = drainLoop;
        this.backlog = backlog;
    }

    @Override
    public synchronized void start() {
        thread = Executors.newSingleThreadScheduledExecutor(
                Thread.ofVirtual().name("presence").factory());
        thread.scheduleWithFixedDelay(this::publish, 0, INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** After this nothing is published, also by who was just about to. */
    @Override
    public synchronized void stop() {
        thread.shutdown();
        thread = null;
        inTransaction(connection -> {
            try (var delete = connection.prepareStatement("delete from worker_presence where worker = ?")) {
                delete.setObject(1, worker);
                delete.executeUpdate();
            }
        });
    }

    @Override
    public synchronized boolean isRunning() {
        return thread != null;
    }

    private synchronized void publish() {
        if (thread == null) {
            return;
        }
        inTransaction(connection -> {
            try (var delete = connection.prepareStatement(DELETE_THE_DEAD);
                    var publish = connection.prepareStatement(PUBLISH)) {
                delete.executeUpdate();
                var known = backlog.holdings().orElse(null);
                publish.setObject(1, worker);
                publish.setBoolean(2, drainLoop.failingSince() == null);
                publish.setArray(3, known == null ? null : connection.createArrayOf("bigint", waiting(known)));
                publish.setObject(4, known == null ? null : oldestAgeMillis(known), Types.BIGINT);
                publish.setObject(5, backlog.acceptedToday(), Types.BIGINT);
                publish.executeUpdate();
            }
        });
    }

    private static Long[] waiting(List<Holding> holdings) {
        return holdings.stream().map(Holding::length).toArray(Long[]::new);
    }

    private static Long oldestAgeMillis(List<Holding> holdings) {
        return holdings.stream()
                .filter(holding -> holding.length() > 0)
                .map(Holding::oldestAgeMillis)
                .max(Comparator.naturalOrder())
                .orElse(null);
    }

    private interface Work {
        void on(Connection connection) throws SQLException;
    }

    private void inTransaction(Work work) {
        try (var connection = dataSource.getConnection()) {
            work.on(connection);
            connection.commit();
        } catch (SQLException e) {
            log.debug("The presence of this worker could not be written. Will try again.", e);
        }
    }
}
