package voting.local;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;

/** Ports of this machine. */
public final class Ports {

    /**
     * Below the ranges from which Linux (32768) and macOS (49152) take the ports of outgoing connections: while a server
     * restarts, a client that keeps trying to reach it could otherwise be given the server's own port.
     */
    private static final int FIRST = 20_000;

    private static final int LAST = 32_000;

    /** What is free now may be wanted by several of our own servers before the first of them listens. */
    private static final Set<Integer> PROMISED = ConcurrentHashMap.newKeySet();

    private Ports() {}

    /** A port that nothing listens on, and a different one at each call. */
    public static int free() {
        return IntStream.generate(() -> ThreadLocalRandom.current().nextInt(FIRST, LAST))
                .filter(Ports::isFree)
                .filter(PROMISED::add)
                .findFirst()
                .orElseThrow();
    }

    public static boolean isFree(int port) {
        return !answers(port) && canListen(port);
    }

    /** Needed beside {@link #canListen}: macOS allows listening on all addresses while another listens on one. */
    private static boolean answers(int port) {
        try {
            new Socket(InetAddress.getLoopbackAddress(), port).close();
            return true;
        } catch (IOException ignored) {
            return false;
        }
    }

    private static boolean canListen(int port) {
        try {
            new ServerSocket(port).close();
            return true;
        } catch (IOException ignored) {
            return false;
        }
    }
}
