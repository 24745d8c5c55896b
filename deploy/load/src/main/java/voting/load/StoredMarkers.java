package voting.load;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

/**
 * Measures from acknowledged to stored, by looking for some of the acknowledged votes in Postgres every few milliseconds:
 * exact to that interval. Votes that change a choice do not show there; only first votes are markers.
 */
final class StoredMarkers implements AutoCloseable {

    /** At most 50 markers a second, and one look in 5 ms: a few per cent of one connection of Postgres. */
    private static final long MARKER_INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private static final Duration LOOK_INTERVAL = Duration.ofMillis(5);

    private record Marker(UUID ballotId, long acknowledgedNanos) {}

    private final Latencies latencies = new Latencies();
    private final Queue<Marker> added = new ConcurrentLinkedQueue<>();
    private final Map<UUID, Marker> missing = new HashMap<>();
    private final Database database;
    private final Thread thread;
    private long lastNanos;
    private volatile boolean closed;
    private volatile Throwable failure;

    StoredMarkers(Access.Postgres postgres) {
        database = new Database(postgres);
        thread = Thread.ofPlatform()
                .name("stored-markers")
                .daemon()
                .uncaughtExceptionHandler((ended, e) -> failure = e)
                .start(this::run);
    }

    /** A first vote that was acknowledged just now. To be called by one thread. */
    void acknowledged(Request vote) {
        var now = System.nanoTime();
        if (now - lastNanos >= MARKER_INTERVAL_NANOS) {
            lastNanos = now;
            added.add(new Marker(vote.ballotId(), now));
        }
    }

    Latencies latencies() {
        return latencies;
    }

    /** Why it looks no more, when it does not. */
    Optional<Throwable> failure() {
        return Optional.ofNullable(failure);
    }

    /** What was not found until now is not measured: the verifier says whether it is lost. */
    @Override
    public void close() {
        closed = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try (database) {
            while (!closed) {
                look();
                Thread.sleep(LOOK_INTERVAL);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void look() {
        for (var marker = added.poll(); marker != null; marker = added.poll()) {
            missing.put(marker.ballotId(), marker);
        }
        if (missing.isEmpty()) {
            return;
        }
        var stored = database.stored(missing.keySet());
        var now = System.nanoTime();
        stored.forEach(id -> latencies.record(now - missing.remove(id).acknowledgedNanos()));
    }
}
