package voting.local;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The pages of a stack that runs already, in containers or behind nginx: {@code STACK_VOTE} and {@code STACK_RESULT} are
 * the addresses of its two pages. {@code .ci/stack} runs this; what it checks of the launcher's pages is in the others.
 */
@EnabledIfEnvironmentVariable(named = "STACK_VOTE", matches = ".+")
class ContainersBrowserIT {

    @RegisterExtension
    static final Chromium chromium = new Chromium();

    private final URI vote = URI.create(System.getenv("STACK_VOTE"));
    private final URI result = URI.create(System.getenv("STACK_RESULT"));

    @ParameterizedTest
    @EnumSource
    void voteIsMarkedAndAppearsOnTheOpenResultPage(Reader reader) {
        // The certificate of `make certs` is signed by nobody that a browser knows.
        var visitor = chromium.visitor(reader.settings().setIgnoreHTTPSErrors(true));
        var outcome = ResultPage.open(visitor, result);
        outcome.isLive(reader);
        var before = votes(outcome);

        var ballot = BallotPage.open(visitor, vote);
        ballot.showsNoChoice();
        ballot.vote("Dogs");
        ballot.shows("Dogs", reader);

        assertThat(outcome.page().locator("[data-id=dogs] .count")).hasText(String.valueOf(before + 1));
        assertThat(outcome.navigations()).hasValue(1);
    }

    private static int votes(ResultPage outcome) {
        return Integer.parseInt(
                outcome.page().locator("[data-id=dogs] .count").textContent().replaceAll("\\D", ""));
    }
}
