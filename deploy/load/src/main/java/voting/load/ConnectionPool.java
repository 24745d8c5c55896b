package voting.load;

import java.io.IOException;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** The connections to one server, opened when they are needed, and the requests that wait for one. */
final class ConnectionPool {

    /** Servers close what is idle, Tomcat after 10 s; a request must not be under way to it at that moment. */
    private static final long LONGEST_IDLE_NANOS = TimeUnit.SECONDS.toNanos(4);

    private final Wires wires;
    private final Selector selector;
    private final Engine.Listener listener;
    private final int limit;
    private final long patienceNanos;
    private final Queue<Connection> free = new ArrayDeque<>();
    private final Set<Connection> busy = new HashSet<>();
    private final Queue<Request> waiting = new ArrayDeque<>();

    ConnectionPool(Wires wires, Selector selector, Engine.Listener listener, int limit, Duration patience) {
        this.wires = wires;
        this.selector = selector;
        this.listener = listener;
        this.limit = limit;
        this.patienceNanos = patience.toNanos();
    }

    /** Now, or as soon as a connection is free. */
    void send(Request request) {
        var connection = takeFree();
        if (connection != null) {
            sendOn(connection, request);
        } else if (busy.size() < limit) {
            open(request);
        } else {
            waiting.add(request);
        }
    }

    /** To be called regularly: connections that broke have left room for new ones. */
    void sendWaiting() {
        while (!waiting.isEmpty() && (!free.isEmpty() || busy.size() < limit)) {
            send(waiting.remove());
        }
    }

    boolean isBusy() {
        return !busy.isEmpty() || !waiting.isEmpty();
    }

    void expire(long now) {
        for (var request = waiting.peek();
                request != null && now - request.intendedNanos() > patienceNanos;
                request = waiting.peek()) {
            waiting.remove();
            listener.dropped(request, now);
        }
        busy.stream()
                .filter(connection -> now - connection.sentNanos() > patienceNanos)
                .toList()
                .forEach(connection -> connection.fail("no answer in time"));
    }

    void close() {
        free.forEach(Connection::close);
        busy.forEach(Connection::close);
    }

    void answered(Connection connection, Request request, int status, boolean reusable) {
        listener.answered(request, connection.sentNanos(), System.nanoTime(), status);
        busy.remove(connection);
        if (!reusable) {
            connection.close();
            return;
        }
        var next = waiting.poll();
        if (next != null) {
            sendOn(connection, next);
            return;
        }
        connection.idleSince(System.nanoTime());
        free.add(connection);
    }

    void failed(Connection connection, Request request, String reason) {
        listener.failed(request, connection.sentNanos(), System.nanoTime(), reason);
        busy.remove(connection);
    }

    void closedWhileFree(Connection connection) {
        free.remove(connection);
    }

    private Connection takeFree() {
        while (!free.isEmpty()) {
            var connection = free.remove(); // in turn, so that none is idle for longer than the others
            if (System.nanoTime() - connection.idleSince() < LONGEST_IDLE_NANOS) {
                return connection;
            }
            connection.close();
        }
        return null;
    }

    private void open(Request request) {
        var now = System.nanoTime();
        try {
            sendOn(new Connection(this, wires, selector), request);
        } catch (IOException e) {
            listener.failed(request, now, System.nanoTime(), "cannot connect: " + e.getMessage());
        }
    }

    private void sendOn(Connection connection, Request request) {
        busy.add(connection);
        connection.send(request);
    }
}
