package voting.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import voting.chaos.Fault.Kind;

/** The TCP connections from one part of the system to another, which fail on demand. */
final class Link implements AutoCloseable {

    private static final int BUFFER = 64 * 1024;

    private final IntSupplier target;
    private final ServerSocket listener;
    private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
    private volatile Kind fault;
    private volatile int variant;

    /** @param target the port on this machine that it leads to, asked for at each connection */
    Link(IntSupplier target) {
        this.target = target;
        try {
            listener = new ServerSocket(0, 500, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot listen", e);
        }
        Thread.ofVirtual().start(this::accept);
    }

    int port() {
        return listener.getLocalPort();
    }

    void fail(Kind newFault, int newVariant) {
        variant = newVariant;
        fault = newFault;
        if (newFault == Kind.CUT) {
            connections.forEach(connection -> connection.cut(newVariant % 2 == 0));
        }
    }

    void heal() {
        var before = fault;
        synchronized (this) {
            fault = null;
            notifyAll();
        }
        // Never continued: TCP loses a connection, but no bytes in the middle of one.
        var brokenBySilence = before == Kind.SWALLOW;
        // While every step takes long, an end hits the short moments in between that are rarely hit otherwise.
        var brokenAfterDelay = before == Kind.DELAY && variant % 2 == 1;
        if (brokenBySilence || brokenAfterDelay) {
            connections.forEach(connection -> connection.cut(true));
        }
    }

    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot close the listener", e);
        }
        heal();
        connections.forEach(connection -> connection.cut(true));
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                open(listener.accept());
            } catch (IOException e) {
                // Closed, or the target is down and the other side sees its connection end.
            }
        }
    }

    private void open(Socket near) throws IOException {
        if (fault == Kind.CUT) {
            near.close();
            return;
        }
        try {
            var connection = new Connection(near, new Socket(InetAddress.getLoopbackAddress(), target.getAsInt()));
            connections.add(connection);
            if (fault == Kind.CUT) { // since we looked
                connection.cut(true);
                return;
            }
            connection.start();
        } catch (IOException e) {
            near.close();
            throw e;
        }
    }

    private synchronized void awaitRelease() throws InterruptedException {
        while (fault == Kind.HOLD) {
            wait();
        }
    }

    private final class Connection {

        private final Socket near;
        private final Socket far;
        private final AtomicInteger directions = new AtomicInteger(2);

        Connection(Socket near, Socket far) throws IOException {
            this.near = near;
            this.far = far;
            near.setTcpNoDelay(true);
            far.setTcpNoDelay(true);
        }

        void start() {
            Thread.ofVirtual().start(() -> pump(near, far));
            Thread.ofVirtual().start(() -> pump(far, near));
        }

        private void pump(Socket from, Socket to) {
            var buffer = new byte[BUFFER];
            try {
                for (int count; (count = from.getInputStream().read(buffer)) > 0; ) {
                    if (fault == Kind.SWALLOW) {
                        continue;
                    }
                    if (fault == Kind.DELAY) {
                        Thread.sleep(variant % 250);
                    }
                    awaitRelease();
                    to.getOutputStream().write(buffer, 0, count);
                }
                awaitRelease();
                to.shutdownOutput();
                if (directions.decrementAndGet() == 0) {
                    cut(false);
                }
            } catch (IOException e) {
                cut(true); // one side is gone: so will be the other
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        /** Abruptly: with a reset, as when a machine is gone; otherwise as when a process has ended. */
        void cut(boolean abruptly) {
            connections.remove(this);
            try (near;
                    far) {
                if (abruptly) {
                    near.setSoLinger(true, 0);
                    far.setSoLinger(true, 0);
                }
            } catch (IOException e) {
                // Closed already.
            }
        }
    }
}
