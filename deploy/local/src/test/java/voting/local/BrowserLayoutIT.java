package voting.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.lessThan;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.Media;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the browser itself measures: that nothing jumps, how soon something is seen, and what is on paper. */
class BrowserLayoutIT {

    @RegisterExtension
    static final Chromium chromium = new Chromium();

    /** More digits each time: figures that grow are what would push others aside. */
    private static final int[] CROWDS = {1, 8, 1, 90, 900, 9_000};

    private static final URI ONE_WORD = URI.create("data:text/html,word");

    private static final Pattern PAPER = Pattern.compile("/Type\\s*/Page\\b");

    private final LocalSystem system = SharedSystem.get();
    private final URI vote = system.vote().uri();
    private final URI result = system.result().uri();

    @AfterEach
    void clear() throws SQLException {
        await().until(new Streams(system)::areDrained);
        new Outcome(system).clear();
    }

    @ParameterizedTest
    @EnumSource
    void nothingShiftsWhilePagesLoadAndFiguresGrow(Reader reader) {
        var visitor = chromium.visitor(reader);
        noteShifts(visitor);
        var ballot = BallotPage.open(visitor, vote);
        ballot.option("Cats").click();
        ballot.shows("Cats", reader);
        var outcome = ResultPage.open(visitor, result);
        var stage = ResultPage.open(visitor, result.resolve("/stage"));
        outcome.isLive(reader);
        stage.isLive(reader);
        var pipeline = PipelinePage.open(visitor, result);
        pipeline.isFlowing(reader);

        var total = 1;
        for (var crowd : CROWDS) {
            new Streams(system).append(Streams.ballots(crowd));
            total += crowd;
            for (var page : List.of(outcome.page(), stage.page())) {
                page.bringToFront(); // a page that nobody sees draws nothing
                page.waitForFunction(
                        "total => document.getElementById('total').textContent.replace(/\\D/g, '') === String(total)",
                        total);
            }
        }

        for (var page : List.of(ballot.page(), outcome.page(), stage.page(), pipeline.page())) {
            assertThat((List<?>) page.evaluate("shifts")).as(page.url()).isEmpty();
        }
    }

    /**
     * Or, where the browser needs more than 25 ms for a page of one word, within four times that. Sooner or later: a machine
     * that does something else at the moment is no fault of the pages.
     */
    @Test
    void somethingIsSeenWithin100MillisecondsOfTheRequest() {
        for (var uri : List.of(vote, result, result.resolve("/stage"), result.resolve("/pipeline"))) {
            await(uri.toString())
                    .pollInSameThread()
                    .atMost(Duration.ofMinutes(1))
                    .until(() -> firstPaintMillis(uri), lessThan(Math.max(100, 4 * firstPaintMillis(ONE_WORD))));
        }
    }

    @Test
    void resultIsPrintedOnOnePageWithoutWhatOnlyAScreenNeeds() {
        var outcome = ResultPage.open(chromium.visitor(Reader.ENGLISH_AT_A_DESK), result);
        outcome.isLive(Reader.ENGLISH_AT_A_DESK);

        outcome.page().emulateMedia(new Page.EmulateMediaOptions().setMedia(Media.PRINT));
        for (var onScreenOnly : List.of("#status", ".aside >> nth=0")) {
            assertThat(outcome.page().locator(onScreenOnly).isVisible())
                    .as(onScreenOnly)
                    .isFalse();
        }
        for (var onPaper : List.of("#question", "#options", "#total", "#as-of")) {
            assertThat(outcome.page().locator(onPaper).isVisible()).as(onPaper).isTrue();
        }
        var document =
                new String(outcome.page().pdf(new Page.PdfOptions().setFormat("A4")), StandardCharsets.ISO_8859_1);
        assertThat(PAPER.matcher(document).results()).hasSize(1);
    }

    /** Apart from the word "votes", which makes room when the figure before it gets another digit. */
    private static void noteShifts(BrowserContext visitor) {
        visitor.addInitScript("""
                window.shifts = [];
                new PerformanceObserver((list) => {
                  for (const { value, sources } of list.getEntries()) {
                    const moved = sources.map(({ node }) => node)
                      .filter((node) => !node?.parentNode?.matches('.unit') && node?.textContent.trim() !== '');
                    shifts.push(...moved.map((node) => `${value}: ${node?.outerHTML ?? node?.textContent}`));
                  }
                }).observe({ type: 'layout-shift', buffered: true });
                """);
    }

    /** Of someone who comes for the first time. */
    private static double firstPaintMillis(URI uri) {
        try (var visitor = chromium.visitor(Reader.ENGLISH_AT_A_DESK)) {
            var page = visitor.newPage();
            page.navigate(uri.toString());
            var paint =
                    page.waitForFunction("() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime");
            return ((Number) paint.jsonValue()).doubleValue();
        }
    }
}
