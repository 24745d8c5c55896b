package voting.local;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import java.net.URI;

/** The page of vote, as a visitor has it open. */
record BallotPage(Page page) {

    static BallotPage open(BrowserContext visitor, URI vote) {
        var page = visitor.newPage();
        page.navigate(vote.toString());
        return new BallotPage(page);
    }

    Locator option(String label) {
        return page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName(label));
    }

    /** Returns when the browser sent the vote, in milliseconds since 1970. */
    long vote(String label) {
        var answer = page.waitForResponse(
                response -> response.request().method().equals("POST"),
                () -> option(label).click());
        return (long) answer.request().timing().startTime;
    }

    /** The mark must be on this option, and on no other. */
    void shows(String choice, Reader reader) {
        var mark = reader.reads("Your vote", "Votre vote");
        var pressed = page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setPressed(true));
        assertThat(pressed).hasCount(1);
        assertThat(pressed).hasAccessibleName(choice + " " + mark);
        assertThat(page.getByText(mark, new Page.GetByTextOptions().setExact(true)))
                .isVisible();
        assertThat(page.getByRole(AriaRole.STATUS)).containsText(choice);
    }

    void showsNoChoice() {
        assertThat(page.getByRole(AriaRole.BUTTON)).not().hasCount(0);
        assertThat(page.locator("[aria-pressed=true]")).hasCount(0);
    }

    Locator notice() {
        return page.getByRole(AriaRole.ALERT);
    }
}
