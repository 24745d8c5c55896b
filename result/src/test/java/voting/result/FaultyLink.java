package voting.result;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A real TCP link to Postgres that can become a black hole: bytes vanish in both directions, connections stay. */
final class FaultyLink implements AutoCloseable {

    private final int target;
    private final ServerSocket listener;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private volatile boolean isBlackHole;

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

    void swallowEverything() {
        isBlackHole = true;
    }

    /** Works again; the connections that lost bytes do not survive it. */
    void heal() {
        isBlackHole = false;
        closeConnections();
    }

    @Override
    public void close() {
        close(listener);
        closeConnections();
    }

    private void closeConnections() {
        sockets.forEach(FaultyLink::close);
        sockets.clear();
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                var client = listener.accept();
                sockets.add(client);
                var postgres = new Socket("127.0.0.1", target);
                sockets.add(postgres);
                Thread.ofVirtual().start(() -> pump(client, postgres));
                Thread.ofVirtual().start(() -> pump(postgres, client));
            } catch (IOException e) {
                closeConnections(); // Postgres is down: so are the connections to it
            }
        }
    }

    private void pump(Socket from, Socket to) {
        var buffer = new byte[64 * 1024];
        try {
            for (int count; (count = from.getInputStream().read(buffer)) > 0; ) {
                if (!isBlackHole) {
                    to.getOutputStream().write(buffer, 0, count);
                }
            }
        } catch (IOException e) {
            // One side is gone: so will be the other.
        } finally {
            close(from);
            close(to);
        }
    }

    private static void close(AutoCloseable socket) {
        try {
            socket.close();
        } catch (Exception e) {
            throw new IllegalStateException("Cannot close " + socket, e);
        }
    }
}
