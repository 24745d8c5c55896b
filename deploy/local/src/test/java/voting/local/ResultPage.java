package voting.local;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import java.net.URI;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;

/**
 * The page of result, as a visitor has it open.
 *
 * @param navigations how often it was loaded
 */
record ResultPage(Page page, AtomicInteger navigations) {

    static ResultPage open(BrowserContext visitor, URI result) {
        var page = visitor.newPage();
        var navigations = new AtomicInteger();
        page.onFrameNavigated(frame -> navigations.incrementAndGet());
        page.navigate(result.toString());
        return new ResultPage(page, navigations);
    }

    void isLive(Reader reader) {
        says(reader.reads("Live", "En direct"));
    }

    void says(String status) {
        assertThat(status()).hasText(status);
    }

    void says(Pattern status) {
        assertThat(status()).hasText(status);
    }

    void shows(int cats, int dogs) {
        assertThat(count("cats")).hasText(String.valueOf(cats));
        assertThat(count("dogs")).hasText(String.valueOf(dogs));
        assertThat(page.locator("#total")).hasText(String.valueOf(cats + dogs));
    }

    /** The time of the figures, as the page gives it beside them. */
    String asOf() {
        var time = Pattern.compile("\\d\\d:\\d\\d:\\d\\d")
                .matcher(page.locator("#as-of").textContent());
        return time.results().findFirst().orElseThrow().group();
    }

    /** From now on the page notes when it shows what, see {@link #shownAt}. */
    void takeNotes() {
        page.evaluate("""
                () => {
                  const note = () => notes.push({
                    at: Date.now(),
                    shows: ['cats', 'dogs'].map((id) => {
                      const option = document.querySelector(`[data-id=${id}]`);
                      return option.querySelector('.count').textContent + ' ' +
                        option.querySelector('.fill').getAttribute('width');
                    }).join(', ')
                  });
                  window.notes = [];
                  new MutationObserver(note).observe(document.body,
                    { subtree: true, childList: true, characterData: true, attributes: true });
                }
                """);
    }

    /** When counts and bars became this, such as "1 100%, 0 0%"; waits until they do. */
    long shownAt(String countsAndBars) {
        var at = page.waitForFunction("wanted => notes.find(({ shows }) => shows === wanted)?.at", countsAndBars);
        return ((Number) at.jsonValue()).longValue();
    }

    /** Waits until the bar, which grows smoothly, has this part of its full length on the screen. */
    void barReaches(String id, double part) {
        page.waitForFunction("""
                ([id, part]) => {
                  const meter = document.querySelector(`[data-id=${id}] .meter`);
                  const [full, length] = [meter, meter.querySelector('.fill')]
                    .map((bar) => bar.getBoundingClientRect().width);
                  return full > 100 && Math.abs(length / full - part) < 0.01;
                }
                """, List.of(id, part));
    }

    private Locator status() {
        return page.locator("#status");
    }

    private Locator count(String id) {
        return page.locator("[data-id=%s] .count".formatted(id));
    }
}
