package voting.result;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How much of anything a client may send, how slowly, and on how many connections. */
class LimitsTest {

    private static final Map<String, String> IMPATIENT = Map.of("SERVER_NETTY_IDLE_TIMEOUT", "200ms");

    private final ResultServer server = ResultServer.cleared();

    @ParameterizedTest
    @CsvSource({"8000, 200", "8193, 431"})
    void headersHaveAtMostEightKilobytes(int length, int status) {
        assertThat(server.sendRaw(
                        "GET / HTTP/1.1\r\nConnection: close\r\nHost: a\r\nX: " + "x".repeat(length) + "\r\n\r\n"))
                .startsWith("HTTP/1.1 " + status);
    }

    @ParameterizedTest
    @CsvSource({"4000, 404", "4096, 414"})
    void addressHasAtMostFourKilobytes(int length, int status) {
        assertThat(server.sendRaw("GET /" + "x".repeat(length) + " HTTP/1.1\r\nConnection: close\r\nHost: a\r\n\r\n"))
                .startsWith("HTTP/1.1 " + status);
    }

    @Test
    void bodyIsRefusedBeforeItIsRead() throws IOException {
        try (var socket = new Socket("127.0.0.1", server.port())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream()
                    .write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\nx".getBytes(ISO_8859_1));

            assertThat(new String(socket.getInputStream().readNBytes(12), ISO_8859_1))
                    .isEqualTo("HTTP/1.1 405");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "GET / HTTP/1.1\r\nHost: a\r\nX: ", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"})
    void connectionWithoutARequestIsCutOff(String bytes) {
        ResultServer.cleared(IMPATIENT).sendRaw(bytes); // returns when the connection has ended
    }

    @Test
    void viewerIsNotIdle() {
        var impatient = ResultServer.cleared(IMPATIENT);
        try (var viewer = Viewer.watching(impatient)) {
            viewer.await(Duration.ofSeconds(30), event -> event.name().equals("tally"));

            impatient.sendRaw(""); // whose end takes as long as the timeout

            assertThat(viewer.isConnected()).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "GET / HTTP/1.1\r\nHost: a\r\nX: "})
    void twoThousandConnectionsThatDoNothingDoNotStopOthers(String bytes) throws IOException {
        var idle = new ArrayList<Socket>();
        try {
            while (idle.size() < 2_000) {
                var socket = new Socket("127.0.0.1", server.port());
                idle.add(socket);
                socket.getOutputStream().write(bytes.getBytes(ISO_8859_1));
            }

            assertThat(server.get("/").statusCode()).isEqualTo(200);
        } finally {
            for (var socket : idle) {
                socket.close();
            }
        }
    }
}
