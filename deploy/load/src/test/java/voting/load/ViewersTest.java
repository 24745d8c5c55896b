package voting.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ServerSocketFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ViewersTest {

    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    private final Queue<Long> totals = new ConcurrentLinkedQueue<>();

    /** An answer without an end, whose only tally is half a second old. */
    private static String events() {
        return """
                HTTP/1.1 200 OK\r
                Content-Type: text/event-stream\r
                \r
                event: tally
                data: {"options":[],"total":7,"asOf":"%s"}

                """.formatted(Instant.now().minusMillis(500));
    }

    private Viewers watch(CannedServer server, String scheme, int count, int silent)
            throws IOException, InterruptedException {
        var endpoint = server.endpoint(scheme);
        var viewers =
                new Viewers(new Wires(endpoint, true), endpoint, count, silent, (total, nanos) -> totals.add(total));
        viewers.measureFrom(System.nanoTime());
        viewers.awaitWatching();
        return viewers;
    }

    @Test
    void oneTellsWhatCanBeSeenAndAllMeasureHowOldItIs() throws Exception {
        try (var server = new CannedServer(request -> events());
                var viewers = watch(server, "http", 200, 0)) {
            assertThat(Session.await(TIMEOUT, () -> viewers.delivery().count() == 201))
                    .isTrue();

            assertThat(totals).containsExactly(7L);
            assertThat(viewers.delivery().percentiles().p50()).isGreaterThanOrEqualTo(500);
            assertThat(viewers.lost()).isZero();
        }
    }

    @Test
    void eventsTravelEncrypted(@TempDir Path directory) throws Exception {
        try (var server = new CannedServer(SelfSigned.in(directory).getServerSocketFactory(), request -> events());
                var viewers = watch(server, "https", 20, 0)) {
            assertThat(Session.await(TIMEOUT, () -> viewers.delivery().count() == 21))
                    .isTrue();
        }
    }

    @Test
    void viewerWhoseConnectionEndsIsLost() throws Exception {
        var requests = new AtomicInteger();
        try (var server = new CannedServer(
                        ServerSocketFactory.getDefault(),
                        request -> requests.incrementAndGet() == 5
                                ? "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nover!"
                                : events());
                var viewers = new Viewers(
                        new Wires(server.endpoint("http"), true),
                        server.endpoint("http"),
                        9,
                        0,
                        (total, nanos) -> totals.add(total))) {
            assertThat(Session.await(TIMEOUT, () -> viewers.lost() == 1 && requests.get() == 10))
                    .isTrue();
        }
    }

    @Test
    void viewersThatCannotGoOnSayWhy() throws Exception {
        try (var server = new CannedServer(request -> events().replace("7", "seven"))) {
            var endpoint = server.endpoint("http");
            try (var viewers = new Viewers(new Wires(endpoint, true), endpoint, 3, 0, (total, nanos) -> {})) {
                assertThat(Session.await(TIMEOUT, () -> viewers.failure().isPresent()))
                        .isTrue();
            }
        }
    }

    @Test
    void answerThatIsNoStreamOfEventsIsNobodyWatching() throws Exception {
        try (var server = new CannedServer(request -> CannedServer.UNAVAILABLE)) {
            var endpoint = server.endpoint("http");
            try (var viewers = new Viewers(new Wires(endpoint, true), endpoint, 3, 0, (total, nanos) -> {})) {
                assertThatThrownBy(viewers::awaitWatching)
                        .isInstanceOf(LoadException.class)
                        .hasMessageContaining("Only 0 of 4 viewers");
            }
        }
    }
}
