package voting.local;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.SQLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Voting and watching the result, as every reader does it. */
class BrowserIT {

    /** What "live" promises at most; a few dozen milliseconds are usual. */
    private static final long BLINK_MILLIS = 1_000;

    @RegisterExtension
    static final Chromium chromium = new Chromium();

    private final LocalSystem system = SharedSystem.get();

    @AfterEach
    void clear() throws SQLException {
        await().until(new Streams(system)::areDrained);
        new Outcome(system).clear();
    }

    @ParameterizedTest
    @EnumSource
    void clickedOptionStaysMarkedUntilTheVoteIsChanged(Reader reader) {
        var visitor = chromium.visitor(reader);
        var ballot = BallotPage.open(visitor, system.vote().uri());
        assertThat(ballot.page().locator("html")).hasAttribute("lang", reader.language());
        ballot.showsNoChoice();

        ballot.option("Cats").click();
        ballot.shows("Cats", reader);
        ballot.page().close();
        var secondVisit = BallotPage.open(visitor, system.vote().uri());
        secondVisit.shows("Cats", reader);

        secondVisit.option("Dogs").click();
        secondVisit.shows("Dogs", reader);
        secondVisit.page().reload();
        secondVisit.shows("Dogs", reader);
    }

    @ParameterizedTest
    @EnumSource
    void keyboardAloneVotesAndChangesTheVote(Reader reader) {
        var ballot = BallotPage.open(chromium.visitor(reader), system.vote().uri());
        var keyboard = ballot.page().keyboard();

        keyboard.press("Tab");
        assertThat(ballot.option("Cats")).isFocused();
        assertThat(ballot.option("Cats")).hasCSS("outline-style", "solid");
        keyboard.press("Enter");
        ballot.shows("Cats", reader);

        keyboard.press("Tab");
        keyboard.press("Tab");
        assertThat(ballot.option("Dogs")).isFocused();
        keyboard.press("Space");
        ballot.shows("Dogs", reader);
    }

    @Test
    void whoHearsThePageIsToldOfAVoteThatWasChanged() throws Exception {
        var voter = Voter.of(system);
        voter.choose("cats");
        await().until(new Streams(system)::areDrained);
        var result = ResultPage.open(
                chromium.visitor(Reader.ENGLISH_AT_A_DESK), system.result().uri());
        result.isLive(Reader.ENGLISH_AT_A_DESK);
        result.shows(1, 0);

        voter.choose("dogs");

        assertThat(result.page().locator("#announcer")).hasText("Cats 0%, Dogs 100%, 1 vote");
    }

    @ParameterizedTest
    @EnumSource
    void openResultPageFollowsTheVotesWithoutAReload(Reader reader) {
        var visitor = chromium.visitor(reader);
        var ballot = BallotPage.open(visitor, system.vote().uri());
        var result = ResultPage.open(visitor, system.result().uri());
        result.isLive(reader);
        result.shows(0, 0);
        result.takeNotes();

        var firstVote = ballot.vote("Cats");
        assertThat(result.shownAt("1 100%, 0 0%") - firstVote).isLessThan(BLINK_MILLIS);
        result.barReaches("cats", 1);

        var secondVote = ballot.vote("Dogs");
        assertThat(result.shownAt("0 0%, 1 100%") - secondVote).isLessThan(BLINK_MILLIS);
        result.barReaches("dogs", 1);
        result.shows(0, 1);

        result.isLive(reader);
        assertThat(result.navigations()).hasValue(1);
    }
}
