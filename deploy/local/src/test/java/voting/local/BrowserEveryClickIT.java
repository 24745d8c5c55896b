package voting.local;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.microsoft.playwright.Browser.NewContextOptions;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.options.AriaRole;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The mode of the course, and a poll as long as a poll may be. */
class BrowserEveryClickIT {

    @RegisterExtension
    static final Chromium chromium = new Chromium();

    private static final String LONG_LABEL = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunter";

    private static final Map<String, String> LONG_POLL = Map.of(
            "POLL_MODE",
            "every-click-counts",
            "POLL_QUESTION",
            "Which one? ".repeat(12) + "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbau?",
            "POLL_OPTIONS",
            "cats=Cats,dogs=Dogs,c=%1$s,d=%1$s,e=%1$s,f=%1$s,g=%1$s,h=%1$s,i=%1$s,j=%1$s"
                    .formatted(LONG_LABEL.substring(0, 60)));

    private final LocalSystem system = SharedSystem.get();

    @BeforeAll
    static void changePoll() {
        SharedSystem.restart(LONG_POLL);
    }

    @AfterAll
    static void restorePoll() {
        SharedSystem.restart(Map.of());
    }

    @AfterEach
    void clear() throws SQLException {
        if (!system.redis().isRunning()) {
            system.redis().start(); // a test failed halfway
        }
        await().until(new Streams(system)::areDrained);
        new Outcome(system).clear();
    }

    @ParameterizedTest
    @EnumSource
    void eachClickCounts(Reader reader) {
        var visitor = chromium.visitor(reader);
        var result = ResultPage.open(visitor, system.result().uri());
        var ballot = BallotPage.open(visitor, system.vote().uri());
        assertThat(ballot.page().getByRole(AriaRole.STATUS))
                .containsText(reader.reads("Every click counts", "Chaque clic compte"));

        ballot.vote("Cats");
        ballot.shows("Cats", reader);
        ballot.vote("Cats");
        ballot.shows("Cats", reader);
        ballot.vote("Dogs");
        ballot.shows("Dogs", reader);

        result.shows(2, 1);
    }

    @Test
    void formThatIsSentTwiceCountsOnce() {
        var reader = Reader.ENGLISH_AT_A_DESK;
        var visitor = chromium.visitor(reader);
        var result = ResultPage.open(visitor, system.result().uri());
        var ballot = BallotPage.open(visitor, system.vote().uri());
        var ballotId = ballotId(ballot).inputValue();

        ballot.vote("Cats");
        ballot.shows("Cats", reader);
        ballotId(ballot).evaluate("(input, id) => input.value = id", ballotId);
        ballot.vote("Cats");
        ballot.shows("Cats", reader);
        await().until(new Streams(system)::areDrained);
        ballot.vote("Dogs");

        result.shows(1, 1);
    }

    @Test
    void reloadOfTheErrorPageSendsTheSameBallotAgain() {
        var reader = Reader.FRENCH_ON_A_PHONE;
        var visitor = chromium.visitor(reader);
        var result = ResultPage.open(visitor, system.result().uri());
        var ballot = BallotPage.open(visitor, system.vote().uri());
        var ballotId = ballotId(ballot).inputValue();

        system.redis().stop();
        ballot.vote("Cats");
        assertThat(ballotId(ballot)).hasValue(ballotId);
        ballot.page().reload();
        assertThat(ballotId(ballot)).hasValue(ballotId);
        system.redis().start();
        system.vote().awaitReady();
        ballot.page().reload();
        ballot.shows("Cats", reader);

        result.shows(1, 0);
    }

    @ParameterizedTest
    @EnumSource
    void longestPollFitsOnTheNarrowestScreenAndHasNoFault(Reader reader) {
        var visitor = chromium.visitor(reader.settings().setViewportSize(320, 640));
        var ballot = BallotPage.open(visitor, system.vote().uri());
        ballot.option("Dogs").click();
        ballot.shows("Dogs", reader);
        var result = ResultPage.open(visitor, system.result().uri());
        result.shows(0, 1);

        var stage = ResultPage.open(visitor, system.result().uri().resolve("/stage"));
        stage.shows(0, 1);

        for (var page : List.of(ballot.page(), result.page(), stage.page())) {
            assertThat((Integer) page.evaluate("document.documentElement.scrollWidth"))
                    .isLessThanOrEqualTo(320);
            Accessibility.hasNoFault(page);
        }
    }

    @ParameterizedTest
    @CsvSource({"1280, 720", "1024, 768", "1920, 1080"})
    void longestPollIsSeenAtOnceOnStage(int width, int height) {
        var visitor = chromium.visitor(new NewContextOptions().setViewportSize(width, height));
        var stage = ResultPage.open(visitor, system.result().uri().resolve("/stage"));
        stage.isLive(Reader.ENGLISH_AT_A_DESK);

        assertThat((Integer) stage.page().evaluate("document.documentElement.scrollWidth"))
                .isLessThanOrEqualTo(width);
        assertThat((Integer) stage.page().evaluate("document.documentElement.scrollHeight"))
                .isLessThanOrEqualTo(height);
        assertThat((Boolean) stage.page().evaluate("""
                [...document.querySelectorAll('.label, .percent, .votes, #total, h1')]
                  .every((element) => element.scrollWidth <= element.clientWidth + 1 || getComputedStyle(element).display === 'inline')
                """)).isTrue();
    }

    private static Locator ballotId(BallotPage ballot) {
        return ballot.page().locator("[name=ballot_id]");
    }
}
