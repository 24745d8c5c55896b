package voting.load;

import static org.assertj.core.api.Assertions.assertThat;
import static voting.load.CannedServer.HANG_UP;
import static voting.load.CannedServer.SEE_OTHER;
import static voting.load.CannedServer.UNAVAILABLE;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import voting.load.Recorder.Figures;
import voting.load.Request.Kind;
import voting.load.VoteLog.Outcome;

class EngineTest {

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final List<String> OPTIONS = List.of("cats", "dogs");

    private final VoteLog log = new VoteLog();
    private final List<Request> acknowledged = new ArrayList<>();

    private Figures run(Endpoint server, double rate, double seconds, int connections, Duration patience)
            throws IOException {
        var start = System.nanoTime();
        var workload = new Workload(new Mix(70, 30, 0, 0), server, server, OPTIONS, 1);
        var end = start + (long) (seconds * TimeUnit.SECONDS.toNanos(1));
        var recorder = new Recorder(log, new Visibility(0), acknowledged::add, start, start, end);
        var wires = new Wires(server, true);
        new Engine(
                        Arrivals.evenlySpaced(RateCurve.constant(rate, Duration.ofMillis((long) (1_000 * seconds)))),
                        workload::next,
                        recorder,
                        kind -> wires,
                        connections,
                        patience)
                .run(start);
        return recorder.figures();
    }

    @Test
    void everyRequestOfThePlanIsSentAndRecordedOnce() throws IOException {
        Set<String> seen = ConcurrentHashMap.newKeySet();
        var received = new AtomicInteger();
        try (var server = new CannedServer(request -> {
            received.incrementAndGet();
            seen.add(request.replaceAll("(?s).*voter_id=([0-9a-f-]+).*vote=(\\w+)", "$1 $2"));
            return SEE_OTHER;
        })) {
            var figures = run(server.endpoint("http"), 1_000, 0.5, 8, PATIENCE);

            assertThat(figures.acceptance().count()).isEqualTo(500);
            assertThat(received).hasValue(500);
            assertThat(log.count(Outcome.ACKNOWLEDGED)).isEqualTo(500);
            assertThat(acknowledged)
                    .isNotEmpty()
                    .allMatch(request -> request.kind() == Kind.NEW_VOTE)
                    .allMatch(request -> seen.contains(request.ballotId() + " " + request.choice()));
            assertThat(server.connectionsSoFar()).isLessThanOrEqualTo(8);
        }
    }

    @Test
    void stallOfTheServerShowsInTheLatencyOfAllThatWereDueMeanwhile() throws IOException {
        var requests = new AtomicInteger();
        var never = new CountDownLatch(1);
        try (var server = new CannedServer(request -> {
            if (requests.incrementAndGet() == 50) {
                stall(never, 1_000);
            }
            return SEE_OTHER;
        })) {
            // One connection, 100 a second for 6 s: the stall of 1 s holds a sixth of them up, by half a second on
            // average.
            var figures = run(server.endpoint("http"), 100, 6, 1, PATIENCE);

            assertThat(figures.acceptance().count()).isEqualTo(600);
            assertThat(figures.acceptance().p99()).isGreaterThan(900);
            assertThat(figures.acceptance().p90()).isGreaterThan(350);
            assertThat(figures.acceptance().p50()).isLessThan(300);
            // It is the server that was late, not the generator.
            assertThat(figures.lag().p50()).isLessThan(100);
        }
    }

    @Test
    void whatIsAcceptedAfterTheEndOfThePlanDoesNotCountAsItsRate() throws IOException {
        var never = new CountDownLatch(1);
        try (var server = new CannedServer(request -> {
            stall(never, 20);
            return SEE_OTHER;
        })) {
            // One connection, which takes 50 a second at most.
            var figures = run(server.endpoint("http"), 200, 0.5, 1, PATIENCE);

            assertThat(figures.acceptance().count()).isEqualTo(100);
            assertThat(figures.acceptedInTime()).isBetween(1L, 25L);
            // Three quarters of their time they waited for the connection.
            assertThat(figures.acceptance().p99()).isGreaterThan(1_400);
            assertThat(figures.answer().count()).isEqualTo(100);
            assertThat(figures.answer().p50()).isBetween(19.9, 400.0);
        }
    }

    @Test
    void refusalIsCountedApartAndMayBeCountedByTheSystem() throws IOException {
        var requests = new AtomicInteger();
        try (var server = new CannedServer(request -> requests.incrementAndGet() % 2 == 0 ? UNAVAILABLE : SEE_OTHER)) {
            var figures = run(server.endpoint("http"), 200, 0.5, 4, PATIENCE);

            assertThat(figures.acceptance().count()).isEqualTo(50);
            assertThat(figures.refusal().count()).isEqualTo(50);
            assertThat(figures.answer().count()).isEqualTo(100);
            assertThat(log.count(Outcome.UNCONFIRMED)).isEqualTo(50);
        }
    }

    @Test
    void wrongRequestMustNotBeCountedByTheSystem() throws IOException {
        try (var server = new CannedServer(
                request -> "HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")) {
            var figures = run(server.endpoint("http"), 100, 0.1, 4, PATIENCE);

            assertThat(log.count(Outcome.REFUSED)).isEqualTo(10);
            assertThat(figures.failures()).containsEntry("answer 400", 10L);
        }
    }

    @Test
    void brokenConnectionIsUnconfirmedAndReplaced() throws IOException {
        var requests = new AtomicInteger();
        try (var server = new CannedServer(request -> requests.incrementAndGet() == 5 ? HANG_UP : SEE_OTHER)) {
            var figures = run(server.endpoint("http"), 100, 0.5, 1, PATIENCE);

            assertThat(figures.failed()).isEqualTo(1);
            assertThat(log.count(Outcome.UNCONFIRMED)).isEqualTo(1);
            assertThat(log.count(Outcome.ACKNOWLEDGED)).isEqualTo(49);
        }
    }

    @Test
    void nobodyWaitsForEver() throws IOException {
        var never = new CountDownLatch(1);
        try (var server = new CannedServer(request -> {
            stall(never, TimeUnit.MINUTES.toMillis(1));
            return SEE_OTHER;
        })) {
            var figures = run(server.endpoint("http"), 100, 0.1, 1, Duration.ofMillis(200));

            assertThat(figures.failed()).isGreaterThanOrEqualTo(1);
            assertThat(figures.failed() + figures.dropped()).isEqualTo(10);
            assertThat(log.count(Outcome.UNCONFIRMED)).isEqualTo(figures.failed());
            never.countDown();
        }
    }

    @Test
    void serverThatIsNotThereFailsEveryRequest() throws IOException {
        var server = new CannedServer(request -> SEE_OTHER);
        server.close();

        var figures = run(server.endpoint("http"), 100, 0.2, 4, PATIENCE);

        assertThat(figures.failed()).isEqualTo(20);
    }

    @Test
    void votesTravelEncrypted(@TempDir Path directory) throws Exception {
        try (var server = new CannedServer(SelfSigned.in(directory).getServerSocketFactory(), request -> SEE_OTHER)) {
            var figures = run(server.endpoint("https"), 500, 0.5, 4, PATIENCE);

            assertThat(figures.failures()).isEmpty();
            assertThat(figures.acceptance().count()).isEqualTo(250);
            assertThat(server.connectionsSoFar()).isLessThanOrEqualTo(4);
        }
    }

    @Test
    void certificateThatSignsItselfIsRefusedUnlessAllowed(@TempDir Path directory) throws Exception {
        try (var server = new CannedServer(SelfSigned.in(directory).getServerSocketFactory(), request -> SEE_OTHER)) {
            var endpoint = server.endpoint("https");
            var start = System.nanoTime();
            var recorder = new Recorder(log, new Visibility(0), acknowledged::add, start, start, start);
            var wires = new Wires(endpoint, false);
            new Engine(
                            Arrivals.evenlySpaced(RateCurve.constant(10, Duration.ofMillis(100))),
                            new Workload(new Mix(100, 0, 0, 0), endpoint, endpoint, OPTIONS, 1)::next,
                            recorder,
                            kind -> wires,
                            1,
                            PATIENCE)
                    .run(start);

            assertThat(recorder.figures().failed()).isEqualTo(1);
        }
    }

    private static void stall(CountDownLatch latch, long millis) {
        try {
            latch.await(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
