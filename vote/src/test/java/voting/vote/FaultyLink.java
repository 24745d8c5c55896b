package voting.vote;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;

/** A real TCP link to Redis that fails on demand. */
final class FaultyLink implements AutoCloseable {

    enum Fault {
        NONE,
        /** New connections are closed at once, and so are the open ones. */
        REFUSING,
        /** Bytes vanish in both directions, the connections stay. */
        BLACK_HOLE,
        /** What carries an XADD is on its way until {@link #deliver}, even when its sender has given up. */
        HELD_UP,
        /** Redis receives an XADD and answers, but the connection ends before the answer arrives. */
        CUT_BEFORE_REPLY_TO_XADD
    }

    private final int target;
    private final ServerSocket listener;
    private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
    private volatile Fault fault = Fault.NONE;
    private volatile boolean hasCut;
    private volatile boolean awaitsReply;
    private volatile CountDownLatch delivery = new CountDownLatch(0);

    FaultyLink(int target) {
        this.target = target;
        try {
            listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot listen", e);
        }
        Thread.ofVirtual().start(this::accept);
    }

    int port() {
        return listener.getLocalPort();
    }

    void fail(Fault fault) {
        hasCut = false;
        this.fault = fault;
        if (fault == Fault.REFUSING) {
            connections.forEach(Connection::close);
        }
    }

    /** Whether a reply to an XADD was withheld since {@link #fail}. */
    boolean hasCut() {
        return hasCut;
    }

    /** Whether Redis has been sent something that it has not answered yet. */
    boolean awaitsReply() {
        return awaitsReply;
    }

    /** Whether something is on its way, see {@link Fault#HELD_UP}. */
    boolean isHoldingUp() {
        return delivery.getCount() > 0;
    }

    /** What was held up arrives now, unless its connection has ended. */
    void deliver() {
        delivery.countDown();
    }

    int connections() {
        return connections.size();
    }

    /** Works again; connections that were hurt do not survive it. */
    void heal() {
        var hurt = fault != Fault.NONE;
        fault = Fault.NONE;
        if (hurt) {
            connections.forEach(Connection::close);
        }
    }

    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot close the listener", e);
        }
        connections.forEach(Connection::close);
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                var client = listener.accept();
                if (fault == Fault.REFUSING) {
                    client.close();
                } else {
                    connect(client);
                }
            } catch (IOException e) {
                // The listener was closed, or Redis is down and the client sees its connection end.
                connections.removeIf(Connection::isClosed);
            }
        }
    }

    private void connect(Socket client) throws IOException {
        try {
            new Connection(client, new Socket("127.0.0.1", target)).start();
        } catch (IOException e) {
            client.close();
            throw e;
        }
    }

    private final class Connection {

        private final Socket client;
        private final Socket redis;
        private volatile boolean cutsNextReply;

        Connection(Socket client, Socket redis) {
            this.client = client;
            this.redis = redis;
        }

        void start() {
            connections.add(this);
            Thread.ofVirtual().start(() -> pump(client, redis));
            Thread.ofVirtual().start(() -> pump(redis, client));
        }

        boolean isClosed() {
            return client.isClosed();
        }

        private void pump(Socket from, Socket to) {
            var buffer = new byte[64 * 1024];
            try {
                for (int count; (count = from.getInputStream().read(buffer)) > 0; ) {
                    if (fault == Fault.BLACK_HOLE) {
                        continue;
                    }
                    if (from == client
                            && fault == Fault.HELD_UP
                            && new String(buffer, 0, count, ISO_8859_1).contains("XADD")) {
                        fault = Fault.NONE;
                        holdUp();
                    }
                    if (from == client && fault == Fault.CUT_BEFORE_REPLY_TO_XADD) {
                        cutsNextReply = new String(buffer, 0, count, ISO_8859_1).contains("XADD");
                    }
                    if (from == redis && cutsNextReply) {
                        hasCut = true;
                        break;
                    }
                    awaitsReply = from == client;
                    to.getOutputStream().write(buffer, 0, count);
                }
            } catch (IOException e) {
                // One side is gone: so will be the other.
            } finally {
                close();
            }
        }

        private void holdUp() {
            delivery = new CountDownLatch(1);
            try {
                delivery.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        void close() {
            try {
                client.close();
                redis.close();
            } catch (IOException e) {
                throw new UncheckedIOException("Cannot close a connection", e);
            }
            connections.remove(this);
        }
    }
}
