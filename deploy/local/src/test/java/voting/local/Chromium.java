package voting.local;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Browser.NewContextOptions;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.ConsoleMessage;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.Request;
import com.microsoft.playwright.Response;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The Chromium of this machine, one process per test class; the class is skipped where there is none.
 *
 * <p>Whatever a test is about, it fails when a page of ours throws, logs an error (a breach of the content security
 * policy is one), gets an error for something that it loads, or asks another host for anything. Screenshots of a failed
 * test are left in {@code target/browser}.
 */
final class Chromium
        implements ExecutionCondition,
                BeforeAllCallback,
                AfterTestExecutionCallback,
                AfterEachCallback,
                AfterAllCallback {

    /** A limit for events that come at once or not at all, generous enough for a busy machine. */
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    /** Nothing but the pages: no profile to set up, no services of the vendor. The sandbox does not start as root. */
    private static final List<String> ARGUMENTS = List.of(
            "--no-sandbox",
            "--no-first-run",
            "--disable-gpu",
            "--disable-quic",
            "--disable-sync",
            "--disable-component-update",
            "--disable-background-networking");

    private static final List<String> NAMES = List.of("chromium", "chromium-browser", "google-chrome", "chrome");

    private static final List<String> USUAL_PLACES = List.of(
            "/usr/bin/chromium",
            "/Applications/Chromium.app/Contents/MacOS/Chromium",
            "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome");

    private final List<BrowserContext> visitors = new ArrayList<>();
    private final List<String> complaints = new ArrayList<>();
    private Playwright playwright;
    private Browser browser;

    /** Someone who has never been here: no cookies, nothing cached. */
    BrowserContext visitor(NewContextOptions options) {
        var visitor = browser.newContext(options);
        visitor.setDefaultTimeout(PATIENCE.toMillis());
        visitor.onConsoleMessage(this::judge);
        visitor.onWebError(error -> complaints.add("uncaught: " + error.error()));
        visitor.onRequest(this::judge);
        visitor.onResponse(this::judge);
        visitors.add(visitor);
        return visitor;
    }

    BrowserContext visitor(Reader reader) {
        return visitor(reader.settings());
    }

    /** Rather than an assumption in {@link #beforeAll}, whose reason Maven's report of the tests would not show. */
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext test) {
        return executable().isPresent()
                ? ConditionEvaluationResult.enabled("Chromium was found")
                : ConditionEvaluationResult.disabled(
                        "No Chromium was found: install it, or set CHROMIUM to its path, to run the tests in a browser.");
    }

    @Override
    public void beforeAll(ExtensionContext test) {
        PlaywrightAssertions.setDefaultAssertionTimeout(PATIENCE.toMillis());
        playwright = Playwright.create(
                new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
        browser = playwright
                .chromium()
                .launch(new BrowserType.LaunchOptions()
                        .setExecutablePath(executable().orElseThrow())
                        .setArgs(ARGUMENTS)
                        .setHeadless(true));
    }

    @Override
    public void afterTestExecution(ExtensionContext test) {
        if (test.getExecutionException().isPresent()) {
            var name = String.join(
                    "-",
                    test.getRequiredTestClass().getSimpleName(),
                    test.getRequiredTestMethod().getName(),
                    test.getDisplayName());
            var pages = visitors.stream()
                    .flatMap(visitor -> visitor.pages().stream())
                    .toList();
            for (int i = 0; i < pages.size(); i++) {
                var file = name.replaceAll("\\W+", "-") + "-" + i + ".png";
                pages.get(i)
                        .screenshot(new Page.ScreenshotOptions()
                                .setPath(Build.find()
                                        .workspace()
                                        .resolve("browser")
                                        .resolve(file)));
            }
        }
    }

    @Override
    public void afterEach(ExtensionContext test) {
        visitors.forEach(BrowserContext::close);
        visitors.clear();
        var found = List.copyOf(complaints);
        complaints.clear();
        if (!found.isEmpty()) {
            throw new AssertionError("The browser complains:\n" + String.join("\n", found));
        }
    }

    @Override
    public void afterAll(ExtensionContext test) {
        if (playwright != null) {
            playwright.close();
        }
    }

    private void judge(ConsoleMessage message) {
        // The browser's own report of an error answer, or of a service that is gone: judged as request or response.
        if (message.type().equals("error") && !message.text().startsWith("Failed to load resource")) {
            complaints.add("console of %s: %s".formatted(message.page().url(), message.text()));
        }
    }

    private void judge(Request request) {
        if (!request.url().matches("(https?://localhost:\\d+/.*|data:.*|about:.*)")) {
            complaints.add("request to another host: " + request.url());
        }
    }

    private void judge(Response response) {
        if (response.status() >= 400 && !response.request().isNavigationRequest()) {
            complaints.add("%d for %s".formatted(response.status(), response.url()));
        }
    }

    private static Optional<Path> executable() {
        var chosen = System.getenv("CHROMIUM");
        if (chosen != null && !chosen.isBlank()) {
            return Optional.of(Path.of(chosen));
        }
        var onPath = Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .flatMap(directory -> NAMES.stream().map(name -> Path.of(directory, name)));
        return Stream.concat(USUAL_PLACES.stream().map(Path::of), onPath)
                .filter(Files::isExecutable)
                .findFirst();
    }
}
