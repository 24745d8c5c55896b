package voting.local;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;
import java.net.URI;
import java.util.List;

/** The picture of the pipeline, as a visitor has it open. */
record PipelinePage(Page page) {

    /** By the link of the result page. */
    static PipelinePage open(BrowserContext visitor, URI result) {
        var page = visitor.newPage();
        page.navigate(result.toString());
        page.locator("a[href=pipeline]").click();
        return new PipelinePage(page);
    }

    void isFlowing(Reader reader) {
        says(reader.reads("Everything is at work", "Tout fonctionne"));
        assertThat(page.locator("#status")).hasText(reader.reads("Live", "En direct"));
    }

    void says(String words) {
        assertThat(page.locator("#message")).containsText(words);
    }

    void shows(String id, String figure) {
        assertThat(page.locator("#" + id)).hasText(figure);
    }

    /** From now on the page notes when it says what, see {@link #saidAt}. */
    void takeNotes() {
        page.evaluate("""
                () => {
                  const message = document.getElementById('message');
                  window.notes = [];
                  new MutationObserver(() => notes.push({ at: Date.now(), says: message.textContent }))
                    .observe(message, { childList: true, characterData: true });
                }
                """);
    }

    /** When these words appeared after a moment; waits until they do. */
    long saidAt(String words, long after) {
        var at = page.waitForFunction(
                "([words, after]) => notes.find(({ at, says }) => at >= after && says.includes(words))?.at",
                List.of(words, (double) after));
        return ((Number) at.jsonValue()).longValue();
    }
}
