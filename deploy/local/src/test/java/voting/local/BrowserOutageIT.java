package voting.local;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route.FulfillOptions;
import com.microsoft.playwright.options.AriaRole;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What voters and viewers are told when a part of the system is away, and that nobody has to reload afterwards. */
class BrowserOutageIT {

    @RegisterExtension
    static final Chromium chromium = new Chromium();

    private static final Pattern OUTAGE =
            Pattern.compile("Results as of \\d\\d:\\d\\d:\\d\\d, database unreachable since \\d\\d:\\d\\d");
    private static final Pattern OUTAGE_IN_FRENCH =
            Pattern.compile("Résultats à \\d\\d:\\d\\d:\\d\\d, base de données injoignable depuis \\d\\d:\\d\\d");

    /** Usually a few seconds. */
    private static final Duration START = Duration.ofMinutes(1);

    private final LocalSystem system = SharedSystem.get();
    private final Map<Reader, BrowserContext> visitors = new EnumMap<>(Reader.class);

    @BeforeEach
    void come() {
        for (var reader : Reader.values()) {
            visitors.put(reader, chromium.visitor(reader));
        }
    }

    /** Also after a test that failed halfway. */
    @AfterEach
    void clear() throws SQLException {
        Stream.of(system.redis(), system.postgres(), system.result())
                .filter(component -> !component.isRunning())
                .forEach(Component::start);
        system.vote().awaitReady();
        system.result().awaitReady();
        await().until(new Streams(system)::areDrained);
        new Outcome(system).clear();
    }

    @Test
    void openResultPageSaysThatItReconnectsAndDoesSo() throws Exception {
        var pages = openResults();
        pages.forEach((reader, page) -> page.isLive(reader));

        system.result().stop();
        pages.forEach((reader, page) -> page.says(reader.reads("Reconnecting…", "Reconnexion…")));
        Voter.of(system).choose("cats");
        system.result().start();
        system.result().awaitReady();

        pages.forEach((reader, page) -> {
            page.isLive(reader);
            page.shows(1, 0);
            assertThat(page.navigations()).hasValue(1);
        });
    }

    @Test
    void resultPageSaysSinceWhenTheDatabaseIsAway() throws Exception {
        var pages = openResults();
        pages.forEach((reader, page) -> page.isLive(reader));

        system.postgres().stop();
        pages.forEach((reader, page) -> {
            page.says(outage(reader));
            assertThat(page.page().locator("#status")).containsText(page.asOf());
        });
        openResults().forEach((reader, page) -> {
            page.says(outage(reader));
            Accessibility.hasNoFault(page.page());
        });
        Voter.of(system).choose("dogs");
        system.postgres().start();

        pages.forEach((reader, page) -> {
            page.isLive(reader);
            page.shows(0, 1);
            assertThat(page.navigations()).hasValue(1);
        });
    }

    @Test
    void resultThatHasReadNothingVouchesForNothing() throws Exception {
        Voter.of(system).choose("cats");
        var pages = openResults();
        pages.forEach((reader, page) -> {
            page.isLive(reader);
            page.shows(1, 0);
        });
        system.postgres().stop();
        pages.forEach((reader, page) -> page.says(outage(reader)));
        var asOf = pages.values().stream().collect(Collectors.toMap(Function.identity(), ResultPage::asOf));

        system.result().stop();
        pages.forEach((reader, page) -> page.says(reader.reads("Reconnecting…", "Reconnexion…")));
        system.result().start();
        await().atMost(START)
                .ignoreExceptions()
                .until(() -> Voter.get(system.result().uri()).statusCode() == 200); // not ready: it cannot read

        pages.forEach((reader, page) -> {
            page.says(outage(reader));
            assertThat(page.page().locator("#status")).containsText(asOf.get(page));
            assertThat(page.asOf()).isEqualTo(asOf.get(page));
            page.shows(1, 0);
        });
    }

    @Test
    void signOfLifeAloneMakesNoFiguresLive() {
        var visitor = visitors.get(Reader.ENGLISH_AT_A_DESK);
        var connections = new AtomicInteger();
        visitor.route("**/events", route -> {
            var retryMillis = connections.incrementAndGet() < 3 ? 50 : 60_000; // no fourth one while the test ends
            route.fulfill(new FulfillOptions()
                    .setContentType("text/event-stream")
                    .setBody("retry: " + retryMillis + "\nevent: heartbeat\ndata:\n\n"));
        });
        visitor.addInitScript("""
                window.said = [];
                addEventListener('DOMContentLoaded', () => {
                  const status = document.getElementById('status');
                  new MutationObserver(() => said.push(status.textContent)).observe(status, { childList: true });
                });
                """);

        var page = ResultPage.open(visitor, system.result().uri());
        page.page().waitForCondition(() -> connections.get() == 3);

        assertThat(page.page().evaluate("[...new Set(said)].join()")).isEqualTo("Reconnecting…");
    }

    @Test
    void voteThatWasNotConfirmedCanBeRepeatedWithOneClick() {
        var ballots = openBallots();
        ballots.forEach((reader, ballot) -> {
            ballot.option("Cats").click();
            ballot.shows("Cats", reader);
        });

        system.redis().stop();
        ballots.forEach((reader, ballot) -> {
            ballot.option("Dogs").click();
            assertThat(ballot.page().getByRole(AriaRole.HEADING))
                    .hasText(reader.reads("Your vote was not confirmed", "Votre vote n’a pas été confirmé"));
            assertThat(again(ballot, reader)).isVisible();
            Accessibility.hasNoFault(ballot.page());
        });
        system.redis().start();
        system.vote().awaitReady();

        ballots.forEach((reader, ballot) -> {
            again(ballot, reader).click();
            ballot.shows("Dogs", reader);
            assertThat(ballot.page()).hasURL(system.vote().uri() + "/");
        });
        openResults().forEach((reader, page) -> page.shows(0, Reader.values().length));
    }

    @Test
    void ballotLoadsAndSaysSoWhileVotesCannotBeTaken() {
        var ballots = openBallots();
        ballots.forEach((reader, ballot) -> {
            ballot.option("Cats").click();
            ballot.shows("Cats", reader);
            assertThat(ballot.notice()).hasCount(0);
        });

        system.redis().stop();
        ballots.forEach((reader, ballot) -> {
            ballot.option("Dogs").click();
            back(ballot, reader).click();
            ballot.shows("Cats", reader);
            assertThat(ballot.notice()).containsText(reader.reads("Votes can’t be taken", "momentanément impossible"));
            Accessibility.hasNoFault(ballot.page());
        });
        system.redis().start();
        system.vote().awaitReady();

        ballots.forEach((reader, ballot) -> {
            ballot.option("Dogs").click();
            ballot.shows("Dogs", reader);
            assertThat(ballot.notice()).hasCount(0);
        });
    }

    private Map<Reader, ResultPage> openResults() {
        return forEveryone(
                reader -> ResultPage.open(visitors.get(reader), system.result().uri()));
    }

    private Map<Reader, BallotPage> openBallots() {
        return forEveryone(
                reader -> BallotPage.open(visitors.get(reader), system.vote().uri()));
    }

    private static <T> Map<Reader, T> forEveryone(Function<Reader, T> open) {
        return Arrays.stream(Reader.values()).collect(Collectors.toMap(Function.identity(), open));
    }

    private static Pattern outage(Reader reader) {
        return reader.language().equals("fr") ? OUTAGE_IN_FRENCH : OUTAGE;
    }

    private static Locator again(BallotPage ballot, Reader reader) {
        var name = reader.reads("Vote again", "Voter à nouveau");
        return ballot.page().getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName(name));
    }

    private static Locator back(BallotPage ballot, Reader reader) {
        var name = reader.reads("Back to the ballot", "Revenir au bulletin");
        return ballot.page().getByRole(AriaRole.LINK, new Page.GetByRoleOptions().setName(name));
    }
}
