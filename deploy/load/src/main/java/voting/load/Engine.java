package voting.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongFunction;
import java.util.stream.Collectors;
import voting.load.Request.Kind;

/**
 * Sends each request when it is due, whatever became of those before it, over keep-alive connections.
 *
 * <p>One thread does it all, so that nothing is shared and little CPU is used: it shares the machine with what it
 * measures. A request that finds no free connection waits for one; that time is part of its latency, which counts from
 * the moment when it was due. What nobody would wait for any longer is given up.
 */
final class Engine {

    /** What became of the requests. Called by the engine's thread; times are those of {@link System#nanoTime}. */
    interface Listener {

        /** It is due and was given to a connection, or to the queue for one, at this moment. */
        void taken(Request request, long nanos);

        void answered(Request request, long sentNanos, long nanos, int status);

        /** Sent, at least in part, but not answered. */
        void failed(Request request, long sentNanos, long nanos, String reason);

        /** Given up without having been sent. */
        void dropped(Request request, long nanos);
    }

    /** A whole TLS record fits, and most pages. */
    private static final int BUFFER_SIZE = 64 * 1024;

    /** Answers are to be read even while more is due than can be sent. */
    private static final int SENDS_PER_TURN = 128;

    private static final long EXPIRY_INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    /** Idle, the selector is left this often all the same. */
    private static final int LONGEST_SELECT_MILLIS = 20;

    /** Above this, the selector's own timeout is fine enough to come back for the alarm. */
    private static final long FINE_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

    private final Arrivals arrivals;
    private final LongFunction<Request> workload;
    private final Listener listener;
    private final Map<Kind, ConnectionPool> poolByKind;
    private final List<ConnectionPool> pools;
    private final Selector selector;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_SIZE);
    private long startNanos;
    private long nextNanos;
    private boolean moreToCome = true;
    private long expiryNanos;

    /**
     * @param workload gives the request that is due at a time
     * @param servers by the kind of request
     * @param connections at most so many to each server
     * @param patience after which a request that waits is given up, and one that was sent has failed
     */
    Engine(
            Arrivals arrivals,
            LongFunction<Request> workload,
            Listener listener,
            Function<Kind, Wires> servers,
            int connections,
            Duration patience)
            throws IOException {
        this.arrivals = arrivals;
        this.workload = workload;
        this.listener = listener;
        this.selector = Selector.open();
        var byServer = new HashMap<Wires, ConnectionPool>();
        this.poolByKind = Arrays.stream(Kind.values())
                .collect(Collectors.toMap(
                        kind -> kind,
                        kind -> byServer.computeIfAbsent(
                                servers.apply(kind),
                                wires -> new ConnectionPool(wires, selector, listener, connections, patience))));
        this.pools = List.copyOf(byServer.values());
    }

    /** Returns when every request of the plan was answered, has failed, or was given up. */
    void run(long startNanos) throws IOException {
        this.startNanos = startNanos;
        try (selector;
                var alarm = new Alarm(selector)) {
            next();
            while (moreToCome || isBusy()) {
                sendWhatIsDue();
                expire();
                await(alarm);
                for (var key : selector.selectedKeys()) {
                    ((Connection) key.attachment()).proceed(buffer);
                }
                selector.selectedKeys().clear();
                pools.forEach(ConnectionPool::sendWaiting);
            }
        } finally {
            pools.forEach(ConnectionPool::close);
        }
    }

    private void sendWhatIsDue() {
        for (int sent = 0; sent < SENDS_PER_TURN && moreToCome && System.nanoTime() - nextNanos >= 0; sent++) {
            var request = workload.apply(nextNanos);
            listener.taken(request, System.nanoTime());
            poolByKind.get(request.kind()).send(request);
            next();
        }
    }

    private void next() {
        var offset = arrivals.next();
        moreToCome = offset != Arrivals.NO_MORE;
        nextNanos = startNanos + offset;
    }

    private void await(Alarm alarm) throws IOException {
        var wait = moreToCome ? nextNanos - System.nanoTime() : Long.MAX_VALUE;
        if (wait <= 0) {
            selector.selectNow();
            return;
        }
        if (wait < FINE_NANOS) {
            alarm.set(nextNanos);
            selector.select(LONGEST_SELECT_MILLIS);
            return;
        }
        selector.select(Math.min(LONGEST_SELECT_MILLIS, TimeUnit.NANOSECONDS.toMillis(wait) - 1));
    }

    private void expire() {
        var now = System.nanoTime();
        if (now - expiryNanos > EXPIRY_INTERVAL_NANOS) {
            expiryNanos = now;
            pools.forEach(pool -> pool.expire(now));
        }
    }

    private boolean isBusy() {
        return pools.stream().anyMatch(ConnectionPool::isBusy);
    }
}
