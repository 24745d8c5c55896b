package voting.local;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.microsoft.playwright.Browser.NewContextOptions;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Response;
import com.microsoft.playwright.Route.FulfillOptions;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.ReducedMotion;
import java.io.IOException;
import java.net.URI;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The pages for everyone: without script, with other senses, on other screens, behind a proxy, and after a mistake. */
class BrowserPagesIT {

    @RegisterExtension
    static final Chromium chromium = new Chromium();

    private static final List<Reader> EACH_LANGUAGE_AND_WIDTH =
            List.of(Reader.ENGLISH_AT_A_DESK, Reader.FRENCH_ON_A_PHONE);

    private final LocalSystem system = SharedSystem.get();
    private final URI vote = system.vote().uri();
    private final URI result = system.result().uri();

    @AfterEach
    void clear() throws SQLException {
        await().until(new Streams(system)::areDrained);
        new Outcome(system).clear();
    }

    @Test
    void withoutScriptVotingWorksAndTheResultPageReloadsItself() {
        var results = Arrays.stream(Reader.values()).collect(Collectors.toMap(Function.identity(), reader -> {
            var visitor = chromium.visitor(reader.settings().setJavaScriptEnabled(false));
            var result = ResultPage.open(visitor, this.result);
            var ballot = BallotPage.open(visitor, vote);
            ballot.option("Cats").click();
            ballot.shows("Cats", reader);
            ballot.option("Dogs").click();
            ballot.shows("Dogs", reader);
            return result;
        }));

        results.forEach((reader, page) -> {
            page.shows(0, Reader.values().length);
            assertThat(page.page().locator("meta[http-equiv=refresh]")).hasAttribute("content", "5");
            page.says(Pattern.compile(reader.reads("Results as of", "Résultats à") + " \\d\\d:\\d\\d:\\d\\d UTC"));
            assertThat(page.navigations().get()).isGreaterThan(1);
        });
    }

    @Test
    void pagesWorkBelowAPathThatTheyKnowNothingOf() throws IOException {
        try (var proxy = new PrefixProxy(system)) {
            var reader = Reader.ENGLISH_AT_A_DESK;
            var visitor = chromium.visitor(reader);
            var result = ResultPage.open(visitor, proxy.result());
            var ballot = BallotPage.open(visitor, proxy.vote());
            result.isLive(reader);

            ballot.option("Dogs").click();
            ballot.shows("Dogs", reader);
            result.shows(0, 1);

            assertThat(ballot.page()).hasURL(proxy.vote().toString());
            assertThat(result.navigations()).hasValue(1);
            var pipeline = PipelinePage.open(visitor, proxy.result());
            pipeline.isFlowing(reader);
            pipeline.page().getByRole(AriaRole.LINK).click();
            assertThat(pipeline.page()).hasURL(proxy.result().toString());
            for (var page : Map.of(ballot.page(), proxy.vote(), result.page(), proxy.result())
                    .entrySet()) {
                page.getKey().navigate(page.getValue() + "no/such/page");
                assertIsStyled(page.getKey());
                action(page.getKey()).click();
                assertThat(page.getKey()).hasURL(page.getValue().toString());
            }
            visitor.close(); // ends the stream of events, and with it the proxy's last thread
        }
    }

    @ParameterizedTest
    @EnumSource
    void pagesHaveNoFaultThatAxeFinds(Reader reader) {
        var visitor = chromium.visitor(reader);
        var ballot = BallotPage.open(visitor, vote);
        Accessibility.hasNoFault(ballot.page());
        ballot.option("Cats").click();
        ballot.shows("Cats", reader);
        Accessibility.hasNoFault(ballot.page());
        ballot.page().locator("summary").click();
        assertThat(ballot.page().locator(".join img")).isVisible();
        Accessibility.hasNoFault(ballot.page());

        var result = ResultPage.open(visitor, this.result);
        result.isLive(reader);
        result.shows(1, 0);
        Accessibility.hasNoFault(result.page());

        var stage = ResultPage.open(visitor, this.result.resolve("/stage"));
        stage.isLive(reader);
        stage.shows(1, 0);
        Accessibility.hasNoFault(stage.page());

        var pipeline = PipelinePage.open(visitor, this.result);
        pipeline.isFlowing(reader);
        Accessibility.hasNoFault(pipeline.page());
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 403, 404, 405, 409, 413, 415})
    void errorPagesAreOfTheSameMakeAndLeadBack(int status) {
        for (var reader : EACH_LANGUAGE_AND_WIDTH) {
            var page = chromium.visitor(reader).newPage();
            provoke(status, page);
            assertIsErrorPage(page, status, reader);
            action(page).click();
            assertThat(page).hasURL(vote + "/");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {404, 405})
    void errorPagesOfTheResultAreOfTheSameMakeAndLeadBack(int status) {
        for (var reader : EACH_LANGUAGE_AND_WIDTH) {
            var page = chromium.visitor(reader).newPage();
            if (status == 404) {
                page.navigate(result + "/no/such/page");
            } else {
                post(page, result);
            }
            assertIsErrorPage(page, status, reader);
            action(page).click();
            assertThat(page).hasURL(result + "/");
        }
    }

    /** nginx answers these itself, in both languages at once. */
    @ParameterizedTest
    @ValueSource(ints = {400, 404, 413, 429, 503})
    void errorPagesOfTheFrontDoorAreOfTheSameMakeAndLeadBack(int status) {
        var site = "http://localhost:1";
        for (var reader : EACH_LANGUAGE_AND_WIDTH) {
            var visitor = chromium.visitor(reader);
            visitor.route(site + "/**", route -> {
                var path = URI.create(route.request().url()).getPath();
                route.fulfill(new FulfillOptions().setPath(Build.find().root().resolve("nginx/pages" + path)));
            });
            var page = visitor.newPage();
            page.navigate("%s/errors/%d.html".formatted(site, status));

            assertThat(page.getByText(String.valueOf(status), new Page.GetByTextOptions().setExact(true)))
                    .isVisible();
            assertThat(page.locator("section:not([lang]) a")).hasText("Back to the ballot");
            assertThat(page.locator("section[lang=fr] a")).hasText("Retour au bulletin");
            for (var link : page.locator("a").all()) {
                assertThat(link).hasAttribute("href", "/");
                assertThat(link).hasCSS("border-top-width", "3px");
            }
            assertFits(page);
            Accessibility.hasNoFault(page);
        }
    }

    @ParameterizedTest
    @EnumSource
    void nothingIsWiderThanTheNarrowestScreen(Reader reader) {
        var visitor = chromium.visitor(reader.settings().setViewportSize(320, 640));
        var ballot = BallotPage.open(visitor, vote);
        ballot.option("Cats").click();
        ballot.shows("Cats", reader);
        assertFits(ballot.page());
        ballot.page().navigate(vote + "/no/such/page");
        assertFits(ballot.page());

        var result = ResultPage.open(visitor, this.result);
        result.isLive(reader);
        assertFits(result.page());

        var pipeline = PipelinePage.open(visitor, this.result);
        pipeline.isFlowing(reader);
        assertFits(pipeline.page());
    }

    @Test
    void onStageAllIsSeenAtOnceAndLarge() {
        for (var height : new int[] {720, 1080}) {
            var stage = ResultPage.open(
                    chromium.visitor(new NewContextOptions().setViewportSize(height * 16 / 9, height)),
                    result.resolve("/stage"));
            stage.isLive(Reader.ENGLISH_AT_A_DESK);

            assertThat((Integer) stage.page().evaluate("document.documentElement.scrollHeight"))
                    .isLessThanOrEqualTo(height);
            assertThat((Double) stage.page()
                            .evaluate("Math.min(...[...document.querySelectorAll('.label, .percent, #total')]"
                                    + ".map((element) => parseFloat(getComputedStyle(element).fontSize))) + 0.001"))
                    .isGreaterThan(height / 20.0);
        }
    }

    @Test
    void stageFillsTheScreenOnRequest() {
        var stage = chromium.visitor(Reader.ENGLISH_AT_A_DESK).newPage();
        stage.navigate(result.resolve("/stage").toString());
        var button = stage.getByRole(AriaRole.BUTTON);

        button.click();

        stage.waitForFunction("document.fullscreenElement");
        assertThat(button).isHidden();
    }

    @Test
    void theEndOfThePollIsToldWithoutLeavingFullScreen() {
        var visitor = chromium.visitor(Reader.ENGLISH_AT_A_DESK);
        var uri = result.resolve("/stage");
        answerInTurn(
                visitor,
                uri,
                page -> page.replace("id=\"heading\"", "id=\"heading\" data-refresh-after=\"2000\"")
                        .replace("</h1>", "</h1><p id=\"closing\">Voting is open.</p>"),
                page -> page.replace("</h1>", "</h1><p id=\"closing\">Voting has ended.</p>"));

        var stage = ResultPage.open(visitor, uri);
        stage.page().getByRole(AriaRole.BUTTON).click();
        stage.page().waitForFunction("document.fullscreenElement");

        assertThat(stage.page().locator("#closing")).hasText("Voting has ended.");
        assertThat(stage.page().locator("#announcer")).containsText("Voting has ended.");
        assertThat(stage.page().evaluate("document.fullscreenElement !== null")).isEqualTo(true);
        assertThat(stage.navigations()).hasValue(1);
    }

    @Test
    void anotherPollIsTakenOverWithoutANavigation() {
        var visitor = chromium.visitor(Reader.ENGLISH_AT_A_DESK);
        answerInTurn(
                visitor,
                result.resolve("/"),
                page -> page.replaceFirst("data-poll=\"\\w+\"", "data-poll=\"earlier\"")
                        .replace(">Cats<", ">Tea<")
                        .replace(">0</span>", ">7</span>")
                        .replace("</h1>", "</h1><p id=\"closing\">This is the final outcome.</p>"),
                page -> null,
                page -> page);

        var page = ResultPage.open(visitor, result.resolve("/"));
        page.isLive(Reader.ENGLISH_AT_A_DESK);

        assertThat(page.page().locator(".label").first()).hasText("Cats");
        assertThat(page.page().locator("#closing")).hasCount(0);
        page.shows(0, 0);
        assertThat(page.navigations()).hasValue(1);
    }

    /** The first answer is changed by the first of these, and so on; null is none; those after the last are as the last. */
    @SafeVarargs
    private static void answerInTurn(BrowserContext visitor, URI uri, UnaryOperator<String>... changes) {
        var answers = new AtomicInteger();
        visitor.route(uri.toString(), route -> {
            var change = changes[Math.min(answers.getAndIncrement(), changes.length - 1)];
            var page = route.fetch();
            var body = change.apply(page.text());
            if (body == null) {
                route.abort();
            } else {
                route.fulfill(new FulfillOptions().setResponse(page).setBody(body));
            }
        });
    }

    @Test
    void bothPagesTogetherWeighLessThan50Kilobytes() {
        var visitor = chromium.visitor(Reader.ENGLISH_AT_A_DESK);
        var responses = new CopyOnWriteArrayList<Response>();
        visitor.onResponse(responses::add);
        BallotPage.open(visitor, vote);
        ResultPage.open(visitor, result).isLive(Reader.ENGLISH_AT_A_DESK);

        var weight = responses.stream()
                .filter(response -> !response.url().endsWith("/events")) // which never ends
                .mapToInt(response -> response.body().length)
                .sum();
        assertThat(weight).isBetween(10_000, 50_000);
    }

    @Test
    void darkSchemeIsDark() {
        for (var uri : new URI[] {vote, result, result.resolve("/pipeline")}) {
            var light = chromium.visitor(new NewContextOptions().setColorScheme(ColorScheme.LIGHT))
                    .newPage();
            var dark = chromium.visitor(new NewContextOptions().setColorScheme(ColorScheme.DARK))
                    .newPage();
            light.navigate(uri.toString());
            dark.navigate(uri.toString());

            assertThat(brightness(light)).isGreaterThan(200);
            assertThat(brightness(dark)).isLessThan(60);
        }
    }

    @Test
    void nothingMovesForThoseWhoAskForIt() {
        var still = new NewContextOptions().setReducedMotion(ReducedMotion.REDUCE);
        var moving = new NewContextOptions().setReducedMotion(ReducedMotion.NO_PREFERENCE);
        for (var uri : new URI[] {vote, result, result.resolve("/pipeline")}) {
            assertThat(motions(uri, moving)).isPositive();
            assertThat(motions(uri, still)).isZero();
        }
    }

    private void provoke(int status, Page page) {
        switch (status) {
            case 403 -> post(page, vote);
            case 404 -> page.navigate(vote + "/no/such/page");
            case 400 -> tamper(page, "button.value = 'horses'");
            case 405 -> tamper(page, "form.action = document.querySelector('link[rel=stylesheet]').href");
            case 409 -> tamper(page, "form.elements.poll_id.value = 'earlier'");
            case 413 -> tamper(page, "button.value = 'x'.repeat(10000)");
            case 415 -> tamper(page, "form.enctype = 'text/plain'");
            default -> throw new IllegalArgumentException();
        }
    }

    private void tamper(Page page, String change) {
        page.navigate(vote.toString());
        page.evaluate(
                "() => { const form = document.forms[0]; const button = form.elements.vote[0]; %s }".formatted(change));
        page.getByRole(AriaRole.BUTTON).first().click();
    }

    /** From an empty page, which is not ours. */
    private static void post(Page page, URI target) {
        page.setContent(
                "<form method=post action='%s/'><button name=vote value=cats>Vote</button></form>".formatted(target));
        page.getByRole(AriaRole.BUTTON).click();
    }

    private static void assertIsErrorPage(Page page, int status, Reader reader) {
        assertThat(page.getByText(String.valueOf(status), new Page.GetByTextOptions().setExact(true)))
                .isVisible();
        assertThat(page.locator("html")).hasAttribute("lang", reader.language());
        assertIsStyled(page);
        assertFits(page);
        Accessibility.hasNoFault(page);
    }

    /** The sheet of styles was found: the action is no plain link any more. */
    private static void assertIsStyled(Page page) {
        assertThat(action(page)).hasCSS("border-top-width", "3px");
    }

    private static Locator action(Page page) {
        return page.getByRole(AriaRole.LINK);
    }

    private static void assertFits(Page page) {
        assertThat((Integer) page.evaluate("document.documentElement.scrollWidth"))
                .isLessThanOrEqualTo(page.viewportSize().width);
    }

    private static double brightness(Page page) {
        var levels = page.evaluate(
                "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number).reduce((a, b) => a + b) / 3");
        return ((Number) levels).doubleValue();
    }

    /** How many parts of the page move, or would. */
    private int motions(URI uri, NewContextOptions settings) {
        var page = chromium.visitor(settings).newPage();
        page.navigate(uri.toString());
        return (Integer) page.evaluate("""
                [...document.querySelectorAll('*')]
                  .flatMap((element) => [null, '::before', '::after'].map((part) => getComputedStyle(element, part)))
                  .filter((style) => style.animationName !== 'none' || style.transitionDuration !== '0s')
                  .length
                """);
    }
}
