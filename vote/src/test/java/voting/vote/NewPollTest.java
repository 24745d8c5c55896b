package voting.vote;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;
import voting.vote.TestRedis.Entry;

/** A system that holds one poll after another: what browsers kept of the earlier one is none of this one's. */
class NewPollTest {

    private final VoteServer second = VoteServer.shared(Map.of("POLL_ID", "second"));

    @BeforeEach
    void clearStreams() {
        TestRedis.shared().clear();
    }

    @Test
    void choiceIsRememberedForThisPoll() {
        var answer = second.postForm("vote=cats");

        assertThat(answer.headers().allValues("Set-Cookie"))
                .anyMatch(cookie -> cookie.startsWith("voter_choice=cats.second;"));
        assertThat(second.get("/", "Cookie", "voter_choice=cats.second").body()).contains("aria-pressed=\"true\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"cats", "cats.first", ".second", "second", ""})
    void choiceOfAnEarlierPollIsNotMarked(String cookie) {
        var page = second.get("/", "Cookie", "voter_choice=" + cookie);

        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.body()).contains("<button").doesNotContain("aria-pressed=\"true\"", "Your vote");
    }

    @ParameterizedTest
    @ValueSource(strings = {"first", ""})
    void openPageOfAnEarlierPollCannotVoteInThisOne(String pollId) {
        var answer = second.postForm("vote=cats&poll_id=" + pollId);

        assertThat(answer.statusCode()).isEqualTo(409);
        assertThat(answer.body()).contains("This poll is closed");
        assertThat(TestRedis.shared().entries()).isEmpty();
    }

    @Test
    void pageSendsItsPollAlong() {
        assertThat(second.get("/").body()).contains("<input type=\"hidden\" name=\"poll_id\" value=\"second\">");

        second.postForm("vote=cats&poll_id=second");
        second.postForm("vote=dogs"); // a program that has no page

        assertThat(TestRedis.shared().entries()).extracting(Entry::choice).containsExactlyInAnyOrder("cats", "dogs");
    }

    /** Empty is an identity, too: a page of the first poll is refused by the second. */
    @Test
    void firstPollNeedsNoIdentity() {
        var first = VoteServer.shared();

        assertThat(first.get("/").body()).contains("<input type=\"hidden\" name=\"poll_id\" value=\"\">");
        assertThat(first.get("/", "Cookie", "voter_choice=cats.second").body()).doesNotContain("aria-pressed=\"true\"");
        assertThat(first.postForm("vote=cats&poll_id=").statusCode()).isEqualTo(303);
        assertThat(first.postForm("vote=cats&poll_id=second").statusCode()).isEqualTo(409);
    }

    @Test
    void voteThatWasNotConfirmedIsRepeatedInItsOwnPollOnly() {
        second.link().fail(FaultyLink.Fault.REFUSING);

        var answer = second.postForm("vote=cats&poll_id=second");

        second.link().heal();
        second.awaitReady();
        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(answer.body()).contains("<input type=\"hidden\" name=\"poll_id\" value=\"second\">");
    }

    @Test
    void pollMayBeWrittenInAFileAndAVariableGoesBeforeIt(@TempDir Path directory) throws IOException {
        var file = Files.writeString(directory.resolve("poll.properties"), """
                poll.question=Thé ou café ?
                poll.options=tea=Thé,coffee=Café
                poll.closes=2026-12-24T18:00:00Z
                """);
        var settings = Map.of("POLL_FILE", file.toString(), "POLL_CLOSES", "2030-01-01T00:00:00Z");

        try (var server = VoteServer.start(settings)) {
            var poll = new JsonMapper().readTree(server.get("/api/poll").body());
            assertThat(poll.get("question").asString()).isEqualTo("Thé ou café ?");
            assertThat(poll.at("/options/1/label").asString()).isEqualTo("Café");
            assertThat(poll.get("closes").asString()).isEqualTo("2030-01-01T00:00:00Z");
        }
    }
}
