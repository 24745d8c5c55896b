package voting.local;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.ReducedMotion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/** What axe-core finds wrong with a page, with all of its rules, best practices included. */
final class Accessibility {

    private static final String AXE = source();

    /** Rule, why it failed, and where. */
    private static final String RUN = """
            () => axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) =>
              nodes.map(({ failureSummary, html }) => `${id}: ${failureSummary} ${html}`)))
            """;

    private Accessibility() {}

    /** In the light and in the dark colour scheme. */
    static void hasNoFault(Page page) {
        page.evaluate(AXE);
        for (var scheme : List.of(ColorScheme.LIGHT, ColorScheme.DARK)) {
            // Without motion, or it would judge a colour halfway.
            page.emulateMedia(
                    new Page.EmulateMediaOptions().setColorScheme(scheme).setReducedMotion(ReducedMotion.REDUCE));
            assertThat((List<?>) page.evaluate(RUN))
                    .as("%s in the %s scheme".formatted(page.url(), scheme))
                    .isEmpty();
        }
    }

    private static String source() {
        try (var file = Accessibility.class.getResourceAsStream("/axe.min.js")) {
            return new String(file.readAllBytes(), UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
