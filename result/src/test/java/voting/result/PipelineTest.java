package voting.result;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** The picture of the pipeline: what the workers publish, and what is said when they do not. */
class PipelineTest {

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** What is promised for a worker that stops. */
    private static final Duration NOTICE = Duration.ofSeconds(2);

    private static final String WORKER = "'7a0f1c52-7f3c-4a55-9a53-6d7f6c0f4a11'";
    private static final String ANOTHER = "'0b9d3f6e-55f0-4f0e-8a5e-1f3f0a7c2b22'";

    private final TestPostgres postgres = TestPostgres.shared();
    private final ResultServer server = ResultServer.cleared();
    private Viewer viewer;

    @BeforeEach
    void watch() {
        viewer = Viewer.watching(server, "/events?pipeline");
        awaitPipeline(data -> state(data).equals("stopped") // as the test before left it, at first
                && data.get("countedToday").asLong() == 0
                && data.get("votes").asLong() == 0
                && data.get("viewers").asInt() == 0);
    }

    @AfterEach
    void leave() {
        viewer.close();
    }

    @Test
    void numbersOfAllStagesArePushed() {
        postgres.count(0, Map.of("cats", 5L));
        postgres.countInMinute("now()", 0, 7);
        postgres.countInMinute("now() - interval '1 day 1 hour'", 0, 100);
        var pipeline = awaitPipeline(
                () -> postgres.publish(WORKER, true, "'{3,0,4,0}'", "2500"),
                data -> state(data).equals("flowing")
                        && data.get("votes").asLong() == 5
                        && data.get("countedToday").asLong() == 7);

        assertThat(pipeline.propertyNames())
                .containsExactly(
                        "state",
                        "workers",
                        "waiting",
                        "oldestAgeMillis",
                        "countedToday",
                        "acceptedToday",
                        "votes",
                        "viewers");
        assertThat(pipeline.get("workers").asInt()).isEqualTo(1);
        assertThat(pipeline.get("waiting").toString()).isEqualTo("[3,0,4,0]");
        assertThat(pipeline.get("oldestAgeMillis").asLong()).isEqualTo(2_500);
        assertThat(viewer.events()).extracting(Viewer.Event::name).containsOnly("pipeline");
    }

    /** Whenever a worker has looked: ballots that it saw waiting may be counted by now. */
    @Test
    void whileABacklogIsDrainedNoBallotIsAcceptedTwice() {
        postgres.countInMinute("now()", 0, 400);
        assertThat(accepted(400)).isEqualTo(1_000);

        postgres.countInMinute("now()", 1, 1_000);
        assertThat(accepted(1_400)).isEqualTo(1_400);
    }

    private long accepted(long counted) {
        var pipeline = awaitPipeline(
                () -> postgres.publish(WORKER, true, "'{1000,0,0,0}'", "0", "1000"),
                data -> data.get("countedToday").asLong() == counted
                        && !data.get("acceptedToday").isNull());
        return pipeline.get("acceptedToday").asLong();
    }

    @Test
    void whatAWorkerDoesNotTellIsNotAddedUp() {
        postgres.countInMinute("now()", 0, 400);

        var pipeline = awaitPipeline(
                () -> postgres.publish(WORKER, true, "'{1000,0,0,0}'", "0"),
                data -> data.get("countedToday").asLong() == 400
                        && !data.get("waiting").isNull());

        assertThat(pipeline.get("acceptedToday").isNull()).isTrue();
        assertThat(server.get("/pipeline").body()).contains("id=\"accepted\">≥ 400<");
    }

    @Test
    void viewersOfTheLiveResultsAreCounted() {
        try (var one = Viewer.watching(server);
                var other = Viewer.watching(server)) {
            one.await(PATIENCE, event -> event.isTallyOf(0));
            other.await(PATIENCE, event -> event.isTallyOf(0));
            awaitPipeline(data -> data.get("viewers").asInt() == 2);
        }
        awaitPipeline(data -> data.get("viewers").asInt() == 0);
    }

    @Test
    void aWorkerThatPublishesNoMoreIsNoticedWithinTwoSeconds() {
        var before = Instant.now();
        postgres.publish(WORKER, true, "'{1,0,0,0}'", "0");
        var after = Instant.now();
        awaitPipeline(data -> state(data).equals("flowing"));

        var stopped = awaitPipeline(data -> state(data).equals("stopped"));

        var noticed = Instant.now();
        assertThat(Duration.between(before, noticed)).isGreaterThanOrEqualTo(PipelineWatcher.BELIEVED);
        assertThat(Duration.between(after, noticed)).isLessThanOrEqualTo(NOTICE);
        assertThat(stopped.get("workers").asInt()).isZero();
        assertThat(stopped.get("waiting").isNull()).isTrue();
        assertThat(stopped.get("oldestAgeMillis").isNull()).isTrue();
    }

    @Test
    void aWorkerThatWithdrawsIsNoticedByTheNextRead() {
        awaitPipeline(
                () -> postgres.publish(WORKER, true, "'{0,0,0,0}'", "null"),
                data -> state(data).equals("flowing"));
        var withdrawn = Instant.now();

        postgres.execute("worker", "delete from worker_presence");

        awaitPipeline(data -> state(data).equals("stopped"));
        assertThat(Duration.between(withdrawn, Instant.now())).isLessThan(Duration.ofSeconds(1));
    }

    @Test
    void oneOfTwoWorkersThatDrainsIsEnoughAndTheLatestThatKnowsIsBelieved() {
        var pipeline = awaitPipeline(
                () -> {
                    postgres.publish(WORKER, true, "'{9,0,0,0}'", "1000");
                    postgres.publish(ANOTHER, false, "null", "null");
                },
                data -> data.get("workers").asInt() == 2);

        assertThat(state(pipeline)).isEqualTo("flowing");
        assertThat(pipeline.get("waiting").toString()).isEqualTo("[9,0,0,0]");
    }

    @Test
    void aWorkerThatCannotDrainIsNotOneThatIsAway() {
        var pipeline = awaitPipeline(
                () -> postgres.publish(WORKER, false, "null", "null"),
                data -> data.get("workers").asInt() == 1);

        assertThat(state(pipeline)).isEqualTo("blocked");
        assertThat(pipeline.get("waiting").isNull()).isTrue();
    }

    @Test
    void nothingIsSentWhileNothingChanges() {
        var sent = viewer.events().size();
        postgres.count(0, Map.of("cats", 1L));
        awaitPipeline(data -> data.get("votes").asLong() == 1);
        var asOf = server.results().get("asOf");
        await().atMost(PATIENCE).until(() -> !server.results().get("asOf").equals(asOf)); // two seconds, eight reads

        assertThat(viewer.events()).hasSize(sent + 1);
    }

    @Test
    void whenPostgresIsAwayWhatWasCountedStaysAndTheRestIsUnknown() {
        postgres.count(0, Map.of("cats", 3L));
        awaitPipeline(
                () -> postgres.publish(WORKER, true, "'{0,0,0,0}'", "null"),
                data -> data.get("votes").asLong() == 3 && state(data).equals("flowing"));

        postgres.stop();
        try {
            var pipeline = awaitPipeline(data -> state(data).equals("unreachable"));

            assertThat(pipeline.get("votes").asLong()).isEqualTo(3);
            assertThat(pipeline.get("workers").isNull()).isTrue();
            assertThat(pipeline.get("waiting").isNull()).isTrue();
            assertThat(server.get("/pipeline").body())
                    .contains("The database can’t be reached: ballots are waiting safely.")
                    .contains("data-state=\"unreachable\"");
        } finally {
            postgres.start();
        }
        awaitPipeline(data -> state(data).equals("stopped"));
    }

    @Test
    void pageIsFilledInByTheServer() {
        postgres.count(0, Map.of("cats", 1_234L));
        postgres.countInMinute("now()", 0, 1_300);
        await().atMost(PATIENCE).until(() -> {
            postgres.publish(WORKER, true, "'{1000,2,0,0}'", "61999", "2302");
            return server.get("/pipeline").body().contains("id=\"waiting\">1,002<");
        });

        var page = server.get("/pipeline").body();

        assertThat(page)
                .contains("<title>The way of a ballot – Behind the scenes</title>")
                .contains("data-state=\"flowing\"")
                .contains("Everything is at work: ballots are counted as they come.</p>")
                .contains("id=\"accepted\">2,302<")
                .contains("The oldest has waited for 61 s, on disk.</p>")
                .contains("id=\"workers\">1<")
                .contains("id=\"counted\">1,300<")
                .contains("Votes in the tally: 1,234</p>")
                .contains("<noscript><meta http-equiv=\"refresh\" content=\"2\"></noscript>");
    }

    @Test
    void whatNobodyTellsIsNotInvented() {
        postgres.countInMinute("now()", 0, 1_300);
        await().atMost(PATIENCE).until(() -> server.get("/pipeline").body().contains("id=\"counted\">1,300<"));

        assertThat(server.get("/pipeline").body())
                .contains("No worker is at work: ballots are waiting safely.</p>")
                .contains("id=\"accepted\">≥ 1,300<")
                .contains("id=\"waiting\">?<")
                .contains("Only workers can look in here, and none tells. What was accepted is on disk.</p>")
                .contains("id=\"workers\">0<");
        assertThat(server.get("/pipeline", "Accept-Language", "fr").body())
                .contains("Aucun worker n’est à l’œuvre\u00a0: les bulletins attendent en sécurité.</p>");
    }

    @Test
    void resultPageLinksToIt() {
        assertThat(server.get("/").body()).contains("<a class=\"aside\" href=\"pipeline\">The way of a ballot</a>");
        assertThat(server.get("/pipeline").body()).contains("href=\"./\"");
    }

    private JsonNode awaitPipeline(Predicate<JsonNode> condition) {
        return awaitPipeline(() -> {}, condition);
    }

    /** What is published is believed for a short time only: it is published again until it has been seen. */
    private JsonNode awaitPipeline(Runnable publish, Predicate<JsonNode> condition) {
        return await().atMost(PATIENCE)
                .until(
                        () -> {
                            publish.run();
                            var events = viewer.events();
                            return events.isEmpty() ? null : events.getLast().data();
                        },
                        data -> data != null && condition.test(data));
    }

    private static String state(JsonNode pipeline) {
        return pipeline.get("state").asString();
    }
}
