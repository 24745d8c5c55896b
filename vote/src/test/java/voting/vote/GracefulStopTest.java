package voting.vote;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A stop of the service loses no vote that it has begun to take. */
class GracefulStopTest {

    private final TestRedis redis = TestRedis.shared();

    @BeforeEach
    void clearStreams() {
        redis.clear();
    }

    @Test
    void voteThatIsOnItsWayWhenTheStopBeginsIsStillConfirmed() throws IOException {
        var server = VoteServer.start();
        var id = VoterCookies.newId();
        try (var socket = new Socket("127.0.0.1", server.port())) {
            socket.setSoTimeout(5_000);
            var out = socket.getOutputStream();
            out.write("""
                    POST / HTTP/1.1\r
                    Host: localhost\r
                    Cookie: voter_id=%s\r
                    Content-Type: application/x-www-form-urlencoded\r
                    Content-Length: 9\r
                    Expect: 100-continue\r
                    \r
                    """.formatted(id).getBytes(UTF_8));
            var in = socket.getInputStream();
            // The interim answer: the request has reached the application, which waits for the body.
            assertThat(new String(in.readNBytes(12), UTF_8)).isEqualTo("HTTP/1.1 100");

            var stop = CompletableFuture.runAsync(server::close);
            await().until(() -> refusesConnections(server.port()));
            assertThat(stop).isNotDone();
            out.write("vote=cats".getBytes(UTF_8));

            assertThat(new String(in.readAllBytes(), UTF_8)).contains("HTTP/1.1 303");
            assertThat(stop).succeedsWithin(Duration.ofSeconds(10));
        }
        assertThat(redis.entries()).extracting(TestRedis.Entry::ballotId).containsExactly(id.toString());
    }

    private static boolean refusesConnections(int port) {
        try (var attempt = new Socket("127.0.0.1", port)) {
            return !attempt.isConnected();
        } catch (IOException e) {
            return true;
        }
    }
}
