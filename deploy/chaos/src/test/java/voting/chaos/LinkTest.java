package voting.chaos;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import voting.chaos.Fault.Kind;

class LinkTest {

    /** So that what does not come is a failure and not a wait for ever. */
    private static final int PATIENCE_MILLIS = 10_000;

    /** Long enough for bytes on this machine to have arrived, if they did. */
    private static final int SILENCE_MILLIS = 200;

    private ServerSocket server;
    private Link link;
    private Socket near;
    private Socket far;

    @BeforeEach
    void connect() throws IOException {
        server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        link = new Link(server::getLocalPort);
        near = new Socket(InetAddress.getLoopbackAddress(), link.port());
        far = server.accept();
        near.setSoTimeout(PATIENCE_MILLIS);
        far.setSoTimeout(PATIENCE_MILLIS);
    }

    @AfterEach
    void disconnect() throws IOException {
        link.close();
        near.close();
        far.close();
        server.close();
    }

    @Test
    void passesBytesAndEndsInBothDirections() throws IOException {
        send(near, "ping");
        assertThat(receive(far)).isEqualTo("ping");
        send(far, "pong");
        assertThat(receive(near)).isEqualTo("pong");

        near.shutdownOutput();
        assertThat(far.getInputStream().read()).isNegative();
        send(far, "last");
        assertThat(receive(near)).isEqualTo("last");
    }

    @Test
    void cutEndsOpenConnectionsAndRefusesNewOnesUntilItIsHealed() throws IOException {
        link.fail(Kind.CUT, 0);
        assertThatThrownBy(() -> receive(near)).isExactlyInstanceOf(SocketException.class);
        assertThatThrownBy(() -> receive(far)).isExactlyInstanceOf(SocketException.class);
        try (var refused = new Socket(InetAddress.getLoopbackAddress(), link.port())) {
            assertThat(refused.getInputStream().read()).isNegative();
        }

        link.heal();
        try (var again = new Socket(InetAddress.getLoopbackAddress(), link.port());
                var accepted = server.accept()) {
            send(again, "ping");
            assertThat(receive(accepted)).isEqualTo("ping");
        }
    }

    @Test
    void swallowedBytesNeverArriveAndTheirConnectionEnds() throws IOException {
        link.fail(Kind.SWALLOW, 0);
        send(near, "ping");
        assertSilent(far);

        link.heal();
        assertThatThrownBy(() -> receive(far)).isExactlyInstanceOf(SocketException.class);
    }

    @Test
    void heldBytesArriveLate() throws IOException {
        link.fail(Kind.HOLD, 0);
        send(near, "ping");
        assertSilent(far);

        link.heal();
        assertThat(receive(far)).isEqualTo("ping");
    }

    @Test
    void heldBytesArriveEvenWhenTheirSenderHasGivenUp() throws IOException {
        link.fail(Kind.HOLD, 0);
        send(near, "ping");
        near.close();
        assertSilent(far);

        link.heal();
        assertThat(receive(far)).isEqualTo("ping");
        assertThat(far.getInputStream().read()).isNegative();
    }

    @Test
    void delayedBytesArriveInOrder() throws IOException {
        link.fail(Kind.DELAY, 10);
        send(near, "pi");
        send(near, "ng");

        assertThat(new String(far.getInputStream().readNBytes(4), US_ASCII)).isEqualTo("ping");
    }

    @Test
    void delayMayEndWithTheConnections() throws IOException {
        link.fail(Kind.DELAY, 11);
        send(near, "ping");
        assertThat(receive(far)).isEqualTo("ping");

        link.heal();
        assertThatThrownBy(() -> receive(far)).isExactlyInstanceOf(SocketException.class);
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(US_ASCII));
    }

    private static String receive(Socket socket) throws IOException {
        return new String(socket.getInputStream().readNBytes(4), US_ASCII);
    }

    private static void assertSilent(Socket socket) throws IOException {
        socket.setSoTimeout(SILENCE_MILLIS);
        assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
        socket.setSoTimeout(PATIENCE_MILLIS);
    }
}
