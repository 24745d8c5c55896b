package voting.result;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.http.HttpClient;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;

/** The live tally: pushed when it changes, once for many changes, and to slow viewers without a backlog. */
@TestMethodOrder(OrderAnnotation.class)
class EventsTest {

    /** Clearly less than the two seconds after which the tally is read again without a notification. */
    private static final Duration WITHOUT_POLLING = Duration.ofMillis(1_500);

    private static final Duration BY_POLLING = Duration.ofSeconds(4);

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** Watches while the other tests run, so that waiting for a heartbeat costs no time of its own. */
    private static Viewer patientViewer;

    private final TestPostgres postgres = TestPostgres.shared();
    private final ResultServer server = ResultServer.cleared();
    private Viewer viewer;

    @BeforeAll
    static void watchPatiently() {
        patientViewer = Viewer.watching(ResultServer.cleared());
    }

    @AfterAll
    static void watchNoMore() {
        patientViewer.close();
    }

    @BeforeEach
    void watch() {
        viewer = Viewer.watching(server);
        viewer.await(PATIENCE, event -> event.isTallyOf(0));
    }

    @AfterEach
    void leave() {
        viewer.close();
    }

    @Test
    void firstTallyIsSentAtOnceInTheFormatOfServerSentEvents() throws IOException, InterruptedException {
        postgres.count(0, Map.of("cats", 1L));
        viewer.await(PATIENCE, event -> event.isTallyOf(1));
        try (var client = HttpClient.newHttpClient()) {
            var answer = client.send(server.request("/events").build(), BodyHandlers.ofInputStream());

            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.headers().firstValue("Content-Type")).hasValue("text/event-stream");
            assertThat(answer.headers().firstValue("Cache-Control")).hasValue("no-store");
            assertThat(answer.headers().firstValue("X-Accel-Buffering")).hasValue("no");
            assertThat(answer.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
            try (var body = answer.body()) {
                var start =
                        ": keep-alive\nevent: heartbeat\ndata:\n\nevent: tally\ndata: {\"question\":\"Cats or dogs?\",\"options\":["
                                + "{\"id\":\"cats\",\"label\":\"Cats\",\"votes\":1,\"percent\":100},"
                                + "{\"id\":\"dogs\",\"label\":\"Dogs\",\"votes\":0,\"percent\":0}],\"total\":1,\"asOf\":\"";
                assertThat(new String(body.readNBytes(start.length()), UTF_8)).isEqualTo(start);
                var rest = new StringBuilder();
                while (!rest.toString().contains("\n\n")) {
                    rest.append((char) body.read());
                }
                assertThat(rest.toString()).matches("[0-9T:.-]+Z\",\"poll\":\"[0-9a-f]+\"}\n\n");
            }
            client.shutdownNow();
        }
    }

    /** The client understands chunks, and nothing that is not one. */
    @Test
    @Timeout(20)
    void clientThatIsStrictAboutChunksReadsEveryUpdate() throws IOException, InterruptedException {
        try (var client = HttpClient.newHttpClient();
                var body = client.send(server.request("/events").build(), BodyHandlers.ofInputStream())
                        .body()) {
            var lines = new BufferedReader(new InputStreamReader(body, UTF_8));
            for (int total = 1; total <= 20; total++) {
                postgres.count(total % 4, Map.of("cats", 1L));
                var expected = "\"total\":" + total + ",";
                while (!lines.readLine().contains(expected)) {
                    // Another event, or a part of one.
                }
            }
            client.shutdownNow();
        }
    }

    @Test
    void tallyEventIsWhatTheApiSays() {
        postgres.count(0, Map.of("dogs", 3L));

        var event = viewer.await(PATIENCE, tally -> tally.isTallyOf(3));

        assertThat(event.data().propertyNames()).containsExactly("question", "options", "total", "asOf", "poll");
        assertThat(event.data().get("options")).isEqualTo(server.results().get("options"));
    }

    @Test
    void notifiedUpdateArrivesWithoutPolling() {
        for (int total = 1; total <= 5; total++) {
            postgres.count(total % 4, Map.of("cats", 1L));
            var expected = total;
            viewer.await(WITHOUT_POLLING, event -> event.isTallyOf(expected));
        }
    }

    @Test
    void updateWhoseNotificationIsLostArrivesByTheRegularRead() {
        postgres.countSilently(0, Map.of("cats", 1L));

        viewer.await(BY_POLLING, event -> event.isTallyOf(1));
    }

    @Test
    void everyViewerGetsEveryUpdateThatItHasTimeFor() {
        var viewers =
                IntStream.range(0, 50).mapToObj(i -> Viewer.watching(server)).toList();
        try {
            postgres.count(0, Map.of("dogs", 7L));

            viewers.forEach(each -> each.await(WITHOUT_POLLING, event -> event.isTallyOf(7)));
        } finally {
            viewers.forEach(Viewer::close);
        }
    }

    @Test
    void burstIsCoalescedAndItsLastStateArrives() {
        var start = Instant.now();
        for (int i = 0; i < 200; i++) {
            postgres.count(i % 4, Map.of("cats", 1L));
        }
        viewer.await(PATIENCE, event -> event.isTallyOf(200));

        // Pushes are 50 ms apart: the first tally, what the burst took, and its end.
        var most = 3 + Duration.between(start, Instant.now()).toMillis() / 50;
        assertThat(viewer.events("tally")).hasSizeLessThanOrEqualTo((int) most).hasSizeLessThan(100);
    }

    @Test
    void readThatFindsNothingNewIsNotPushed() {
        var before = viewer.events("tally").size();
        for (int i = 0; i < 5; i++) {
            var asOf = server.results().get("asOf");
            postgres.execute("worker", "notify tally");
            Awaitility.await().until(() -> !server.results().get("asOf").equals(asOf));
        }
        postgres.count(0, Map.of("cats", 1L));
        viewer.await(PATIENCE, event -> event.isTallyOf(1));

        assertThat(viewer.events("tally")).hasSize(before + 1);
    }

    @Test
    void votesPerMinuteAreAnEventOfTheirOwn() {
        postgres.countInMinute("date_trunc('minute', now()) - interval '10 min'", 0, 5);
        postgres.countInMinute("date_trunc('minute', now()) - interval '10 min'", 1, 37);

        var activity = viewer.await(
                PATIENCE,
                event -> event.name().equals("activity") && event.text().contains("42"));

        assertThat(activity.data().propertyNames()).containsExactly("until", "votesPerMinute");
        assertThat(activity.data().get("votesPerMinute").size()).isEqualTo(Activity.MINUTES);
        assertThat(viewer.events("tally")).hasSize(1);
    }

    @Test
    void slowViewerDelaysNobodyAndIsSpared() {
        // Large events, so that the buffers of the network are full soon.
        var label = "x".repeat(60);
        var large = ResultServer.cleared(Map.of(
                "POLL_QUESTION",
                "?".repeat(200),
                "POLL_OPTIONS",
                IntStream.range(0, 10).mapToObj(i -> "o" + i + "=" + label).collect(Collectors.joining(","))));
        try (var slow = Viewer.notReading(large);
                var fast = Viewer.watching(large)) {
            fast.await(PATIENCE, event -> event.isTallyOf(0));
            Awaitility.await()
                    .until(() -> large.context().getBean(TallyWatcher.class).viewers() >= 2);
            var pushes = 80;
            var start = Instant.now();
            for (int total = 1; total <= pushes; total++) {
                postgres.count(0, Map.of("o0", 1L));
                var expected = total;
                fast.await(PATIENCE, event -> event.isTallyOf(expected));
            }
            // By polling each would take two seconds.
            assertThat(Duration.between(start, Instant.now())).isLessThan(Duration.ofSeconds(20));

            slow.startReading();

            slow.await(PATIENCE, event -> event.isTallyOf(pushes));
            assertThat(totals(fast)).hasSize(pushes + 1);
            assertThat(totals(slow)).hasSizeLessThan(40);
        }
    }

    @Test
    void viewerWhoLeavesIsForgotten() {
        var watcher = server.context().getBean(TallyWatcher.class);
        var viewers =
                IntStream.range(0, 20).mapToObj(i -> Viewer.watching(server)).toList();
        Awaitility.await().until(() -> watcher.viewers() >= 20);

        viewers.forEach(Viewer::close);
        viewer.close();

        // The patient one stays.
        Awaitility.await().until(() -> watcher.viewers() == 1);
    }

    @Test
    @Order(Integer.MAX_VALUE)
    void heartbeatKeepsTheConnectionOfAQuietPoll() {
        // One opens the stream, the others come every 15 seconds.
        Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> patientViewer.heartbeats() >= 2);

        assertThat(patientViewer.isConnected()).isTrue();
    }

    private static List<Long> totals(Viewer viewer) {
        return viewer.events("tally").stream()
                .map(event -> event.data().get("total").asLong())
                .toList();
    }
}
