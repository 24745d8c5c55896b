package voting.vote;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;
import voting.vote.TestRedis.Entry;

/** Who may vote how often: the two modes differ in the identity of the ballot, and in what the page shows. */
class VoteModeTest {

    private static final Pattern HIDDEN_BALLOT_ID =
            Pattern.compile("<input type=\"hidden\" name=\"ballot_id\" value=\"([^\"]+)\">");

    private final TestRedis redis = TestRedis.shared();

    @BeforeEach
    void clearStreams() {
        redis.clear();
    }

    @Nested
    class OneVotePerBrowser {

        private final VoteServer server = VoteServer.shared();

        @Test
        void voterIsTheBrowserFromItsFirstVisitOn() {
            var visitor = cookie(server.get("/"), "voter_id");

            server.postForm("vote=cats", "Cookie", visitor);
            server.postForm("vote=dogs", "Cookie", visitor);
            server.postJson("{\"choice\":\"cats\"}", "Cookie", visitor);

            assertThat(redis.entries()).extracting(Entry::choice).containsExactly("cats", "dogs", "cats");
            assertThat(redis.entries())
                    .extracting(entry -> "voter_id=" + entry.ballotId())
                    .containsOnly(visitor);
        }

        @Test
        void voteWithoutACookieIsGivenOne() {
            var first = server.postForm("vote=cats");
            server.postForm("vote=dogs", "Cookie", cookie(first, "voter_id"));

            assertThat(redis.entries())
                    .extracting(entry -> "voter_id=" + entry.ballotId())
                    .containsExactly(cookie(first, "voter_id"), cookie(first, "voter_id"));
        }

        @Test
        void ballotIdOfTheRequestIsIgnored() {
            var another = VoterCookies.newId();

            server.postForm("vote=cats&ballot_id=" + another);
            server.postJson("{\"choice\":\"cats\",\"ballotId\":\"" + another + "\"}");

            assertThat(redis.entries()).hasSize(2).extracting(Entry::ballotId).doesNotContain(another.toString());
        }

        @Test
        void choiceIsMarkedOnEveryVisit() {
            assertThat(server.get("/").body())
                    .doesNotContain("aria-pressed=\"true\"")
                    .doesNotContain("Your vote:");

            var choice = cookie(server.postForm("vote=dogs"), "voter_choice");

            for (int visit = 0; visit < 2; visit++) {
                assertThat(buttons(server.get("/", "Cookie", choice)))
                        .containsExactly(Map.entry("cats", "false"), Map.entry("dogs", "true"));
                assertThat(server.get("/", "Cookie", choice).body())
                        .contains("<title>Your vote: Dogs – Cats or dogs?</title>")
                        .contains("Your vote: Dogs. You can change it at any time.");
            }
        }

        @ParameterizedTest
        @ValueSource(strings = {"birds", "", "DOGS", "<script>", "%00", "dogs,cats"})
        void choiceThatIsNoOptionIsNotShown(String choice) {
            var page = server.get("/", "Cookie", "voter_choice=" + choice);

            assertThat(page.statusCode()).isEqualTo(200);
            assertThat(buttons(page)).containsExactly(Map.entry("cats", "false"), Map.entry("dogs", "false"));
            assertThat(page.body()).contains("Choose one. You can change your vote at any time.");
        }

        @Test
        void refusedVoteDoesNotChangeTheMark() {
            assertThat(server.postForm("vote=birds").headers().allValues("Set-Cookie"))
                    .noneMatch(cookie -> cookie.startsWith("voter_choice"));
        }

        @Test
        void acceptedBallotIsTheAnswerToAProgram() {
            var answer = server.postJson("{\"choice\":\"dogs\"}");

            assertThat(answer.statusCode()).isEqualTo(202);
            var ballot = new JsonMapper().readTree(answer.body());
            assertThat(ballot.propertyNames()).containsExactlyInAnyOrder("ballotId", "choice");
            assertThat(ballot.get("choice").asString()).isEqualTo("dogs");
            assertThat("voter_id=" + ballot.get("ballotId").asString()).isEqualTo(cookie(answer, "voter_id"));
            assertThat(redis.entries())
                    .extracting(Entry::ballotId)
                    .containsExactly(ballot.get("ballotId").asString());
        }

        @Test
        void pageHasNoBallotIdOfItsOwn() {
            assertThat(server.get("/").body()).doesNotContain("ballot_id");
        }
    }

    @Nested
    class EveryClickCounts {

        private final VoteServer server = VoteServer.shared(Map.of("POLL_MODE", "every-click-counts"));

        @Test
        void everyRenderedPageIsABallotOfItsOwn() {
            var first = ballotId();
            var second = ballotId();

            assertThat(first).isNotEqualTo(second);
            assertThat(VoterCookies.parseId(first)).isPresent();
            assertThat(VoterCookies.parseId(second)).isPresent();
        }

        @Test
        void formThatIsSentTwiceIsOneBallot() {
            var body = "vote=cats&ballot_id=" + ballotId();

            server.postForm(body);
            server.postForm(body);

            assertThat(redis.entries()).hasSize(2);
            assertThat(redis.entries().stream().distinct()).hasSize(1);
        }

        @Test
        void twoPagesOfOneBrowserAreTwoBallots() {
            var browser = "voter_id=" + VoterCookies.newId();

            server.postForm("vote=cats&ballot_id=" + ballotId(), "Cookie", browser);
            server.postForm("vote=cats&ballot_id=" + ballotId(), "Cookie", browser);

            assertThat(redis.entries()).hasSize(2).extracting(Entry::ballotId).doesNotHaveDuplicates();
        }

        @ParameterizedTest
        @ValueSource(strings = {"vote=cats", "vote=cats&ballot_id="})
        void postWithoutABallotIdIsAFreshBallot(String body) {
            var browser = "voter_id=" + VoterCookies.newId();

            assertThat(server.postForm(body, "Cookie", browser).statusCode()).isEqualTo(303);
            assertThat(server.postForm(body, "Cookie", browser).statusCode()).isEqualTo(303);

            assertThat(redis.entries()).hasSize(2).extracting(Entry::ballotId).doesNotHaveDuplicates();
            assertThat(redis.entries())
                    .extracting(entry -> "voter_id=" + entry.ballotId())
                    .doesNotContain(browser);
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "cats",
                    "3F2504E0-4F89-41D3-9A0C-0305E82C3301",
                    "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
                    "3f2504e0-4f89-41d3-9a0c-0305e82c3301%00",
                    "3f2504e0-4f89-41d3-9a0c-0305e82c3301&ballot_id=3f2504e0-4f89-41d3-9a0c-0305e82c3302"
                })
        void malformedBallotIdIsRefused(String ballotId) {
            assertThat(server.postForm("vote=cats&ballot_id=" + ballotId).statusCode())
                    .isEqualTo(400);
            assertThat(server.postJson(
                                    "{\"choice\":\"cats\",\"ballotId\":\"" + ballotId.replace("%00", "\\u0000") + "\"}")
                            .statusCode())
                    .isEqualTo(400);

            assertThat(redis.entries()).isEmpty();
        }

        @Test
        void programMaySendABallotIdToMakeARetryCountOnce() {
            var id = VoterCookies.newId();
            var body = "{\"choice\":\"dogs\",\"ballotId\":\"" + id + "\"}";

            assertThat(server.postJson(body).body()).contains(id.toString());
            assertThat(server.postJson(body).statusCode()).isEqualTo(202);

            assertThat(redis.entries()).hasSize(2).extracting(Entry::ballotId).containsOnly(id.toString());
        }

        @Test
        void lastVoteIsShownAndNoBrowserIsIdentified() {
            var answer = server.postForm("vote=dogs");

            assertThat(answer.headers().allValues("Set-Cookie")).noneMatch(cookie -> cookie.startsWith("voter_id"));
            assertThat(server.get("/").headers().allValues("Set-Cookie")).isEmpty();
            assertThat(server.get("/", "Cookie", cookie(answer, "voter_choice")).body())
                    .contains("Every click counts. Your last vote: Dogs.");
        }

        private String ballotId() {
            var hidden = HIDDEN_BALLOT_ID.matcher(server.get("/").body());
            assertThat(hidden.find()).isTrue();
            return hidden.group(1);
        }
    }

    private static Iterable<Map.Entry<String, String>> buttons(HttpResponse<String> page) {
        return Pattern.compile("<button name=\"vote\" value=\"([^\"]*)\"[^>]* aria-pressed=\"([^\"]*)\">")
                .matcher(page.body())
                .results()
                .map(button -> Map.entry(button.group(1), button.group(2)))
                .toList();
    }

    /** As the browser sends it back. */
    private static String cookie(HttpResponse<?> answer, String name) {
        return VoterCookiesTest.setCookie(answer, name).split(";")[0];
    }
}
