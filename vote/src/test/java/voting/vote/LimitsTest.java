package voting.vote;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How much of anything a client may send, how slowly, and on how many connections. */
class LimitsTest {

    private static final String FORM =
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n";

    private final VoteServer server = VoteServer.shared();

    @ParameterizedTest
    @CsvSource({"8192, 303", "8193, 413"})
    void bodyHasAtMostEightKilobytes(int length, int status) {
        var vote = "vote=cats&x=";

        assertThat(server.postForm(vote + "x".repeat(length - vote.length())).statusCode())
                .isEqualTo(status);
    }

    @ParameterizedTest
    @CsvSource({"8000, 200", "8192, 400"})
    void headersHaveAtMostEightKilobytes(int length, int status) {
        assertThat(server.get("/", "X", "x".repeat(length)).statusCode()).isEqualTo(status);
    }

    @ParameterizedTest
    @CsvSource({"8000, 404", "8192, 400"})
    void addressIsLimitedLikeTheHeaders(int length, int status) {
        assertThat(server.get("/" + "x".repeat(length)).statusCode()).isEqualTo(status);
    }

    @ParameterizedTest
    @CsvSource({"97, 200", "100, 400"})
    void headersAreAtMostAHundred(int number, int status) {
        var answer = server.sendRaw(
                "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + "X: x\r\n".repeat(number) + "\r\n");

        assertThat(answer).startsWith("HTTP/1.1 " + status);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "GET / HTTP/1.1\r\nHost: a\r\nX: ",
                FORM + "Content-Length: 9\r\n\r\nvote=",
                FORM + "Transfer-Encoding: chunked\r\n\r\n9\r\nvote="
            })
    void clientThatFallsSilentIsCutOff(String bytes) {
        var impatient = VoteServer.shared(Map.of("SERVER_TOMCAT_CONNECTION_TIMEOUT", "200ms"));

        var answer = impatient.sendRaw(bytes); // returns when the connection has ended

        assertThat(answer).matches("(?s)(HTTP/1.1 400 .*)?");
    }

    @Test
    void connectionWithoutARequestIsCutOff() {
        var impatient = VoteServer.shared(Map.of("SERVER_TOMCAT_KEEP_ALIVE_TIMEOUT", "200ms"));

        assertThat(impatient.sendRaw("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).startsWith("HTTP/1.1 200");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "GET / HTTP/1.1\r\nHost: a\r\nX: ", FORM + "Content-Length: 9\r\n\r\nvote="})
    void thousandConnectionsThatDoNothingDoNotStopOthers(String bytes) throws IOException {
        var idle = new ArrayList<Socket>();
        try {
            while (idle.size() < 1_000) {
                var socket = new Socket("127.0.0.1", server.port());
                idle.add(socket);
                socket.getOutputStream().write(bytes.getBytes(ISO_8859_1));
            }

            var start = Instant.now();
            assertThat(server.postForm("vote=cats").statusCode()).isEqualTo(303);
            assertThat(Duration.between(start, Instant.now())).isLessThan(Duration.ofSeconds(3));
        } finally {
            for (var socket : idle) {
                socket.close();
            }
        }
    }

    @Test
    void restOfARefusedBodyIsNotRead() throws IOException {
        try (var socket = new Socket("127.0.0.1", server.port())) {
            var out = socket.getOutputStream();
            out.write((FORM + "Content-Length: 1000000000\r\n\r\n").getBytes(ISO_8859_1));
            var megabyte = new byte[1 << 20];

            assertThatThrownBy(() -> {
                        for (int i = 0; i < 100; i++) { // the system itself takes a few
                            out.write(megabyte);
                        }
                    })
                    .isInstanceOf(IOException.class);
        }
    }
}
