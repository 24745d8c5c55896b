package voting.vote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

/** After its closing time a poll takes no vote, says so to people and to programs, and is still there to look at. */
class ClosedPollTest {

    private final VoteServer closed = VoteServer.shared(Map.of("POLL_CLOSES", "2026-01-02T18:00:00Z"));

    @BeforeEach
    void clearStreams() {
        TestRedis.shared().clear();
    }

    @Test
    void aVoteIsRefusedOnAPageInTheLanguageOfTheVoterAndNothingReachesRedis() {
        var english = closed.postForm("vote=cats");
        var french = closed.postForm("vote=cats", "Accept-Language", "fr");

        assertThat(english.statusCode()).isEqualTo(409);
        assertThat(english.body()).contains("<title>This poll is closed</title>", "Back to the ballot");
        assertThat(french.statusCode()).isEqualTo(409);
        assertThat(french.body()).contains("<title>Ce vote est clos</title>");
        assertThat(english.headers().allValues("Set-Cookie")).isEmpty();
        assertThat(TestRedis.shared().entries()).isEmpty();
    }

    @Test
    void aProgramIsToldByAProblemDetail() {
        var answer = closed.postJson("{\"choice\":\"cats\"}");

        assertThat(answer.statusCode()).isEqualTo(409);
        assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/problem+json");
        var problem = new JsonMapper().readTree(answer.body());
        assertThat(problem.get("status").asInt()).isEqualTo(409);
        assertThat(problem.get("title").asString()).isEqualTo("This poll is closed");
        assertThat(TestRedis.shared().entries()).isEmpty();
    }

    @Test
    void thePageOffersNoButtonsAndShowsTheLastChoice() {
        var page = closed.get("/", "Cookie", "voter_choice=cats");

        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.body())
                .contains("This poll is closed. Your vote: Cats.")
                .containsPattern("Voting ended on January 2, 2026.*UTC\\.")
                .doesNotContain("<button", "<form");
        assertThat(closed.get("/", "Accept-Language", "fr").body())
                .contains("Ce vote est clos.")
                .containsPattern("Le scrutin a pris fin le 2 janvier 2026.*UTC\\.");
    }

    @Test
    void refusalsAreCounted() {
        closed.postForm("vote=cats");

        assertThat(closed.management("/actuator/prometheus").body())
                .containsPattern("votes_refused_total\\{reason=\"closed\"} [1-9]");
    }

    @Test
    void programsCanAskWhenThePollCloses() {
        assertThat(new JsonMapper()
                        .readTree(closed.get("/api/poll").body())
                        .get("closes")
                        .asString())
                .isEqualTo("2026-01-02T18:00:00Z");
    }

    @Test
    void votesAreTakenUntilTheClosingTimeAndNotAfterIt() {
        try (var server = VoteServer.start(
                Map.of("POLL_CLOSES", Instant.now().plusSeconds(30).toString()))) {
            assertThat(server.get("/").body()).contains("Open until ", "<button");
            assertThat(server.postForm("vote=cats").statusCode()).isEqualTo(303);
        }
        var closes = Instant.now().plusSeconds(8);
        try (var server = VoteServer.start(Map.of("POLL_CLOSES", closes.toString()))) {
            await().until(() -> server.postForm("vote=dogs"), ClosedPollTest::isClosed);
            assertThat(Instant.now()).isAfterOrEqualTo(closes);
            assertThat(server.get("/").body()).doesNotContain("<button");
        }
    }

    private static boolean isClosed(HttpResponse<String> answer) {
        return answer.statusCode() == 409;
    }
}
