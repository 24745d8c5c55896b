package voting.local;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.options.AriaRole;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A poll that is over, as those find it who come too late. */
class BrowserClosedPollIT {

    @RegisterExtension
    static final Chromium chromium = new Chromium();

    private final LocalSystem system = SharedSystem.get();

    @BeforeAll
    static void closePoll() {
        SharedSystem.restart(Map.of("POLL_CLOSES", "2026-01-02T18:00:00Z"));
    }

    @AfterAll
    static void openPoll() {
        SharedSystem.restart(Map.of());
    }

    @ParameterizedTest
    @EnumSource
    void everyPageSaysThatItIsOverAndHasNoFault(Reader reader) {
        var visitor = chromium.visitor(reader);
        var ballot = BallotPage.open(visitor, system.vote().uri());
        assertThat(ballot.page().getByRole(AriaRole.STATUS))
                .hasText(reader.reads("This poll is closed.", "Ce vote est clos."));
        assertThat(ballot.page().locator("form")).hasCount(0);

        var result = ResultPage.open(visitor, system.result().uri());
        var stage = ResultPage.open(visitor, system.result().uri().resolve("/stage"));
        for (var page : List.of(result, stage)) {
            page.isLive(reader);
            assertThat(page.page().locator("#closing"))
                    .hasText(reader.reads(
                            "Voting has ended. This is the final outcome.",
                            "Le vote est terminé. Voici le résultat définitif."));
        }

        for (var page : List.of(ballot.page(), result.page(), stage.page())) {
            assertThat((Integer) page.evaluate("document.documentElement.scrollWidth"))
                    .isLessThanOrEqualTo(page.viewportSize().width);
            Accessibility.hasNoFault(page);
        }
    }
}
