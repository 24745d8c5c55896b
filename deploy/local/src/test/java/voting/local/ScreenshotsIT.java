package voting.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.ColorScheme;
import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * {@code make screenshots}: the pictures of the README, of a system in which some 1,200 people have voted in half an hour. Other
 * runs take them as well, but elsewhere: what is kept stays what somebody has looked at.
 */
class ScreenshotsIT {

    @RegisterExtension
    static final Chromium chromium = new Chromium();

    private static final int CATS = 758;
    private static final int DOGS = 446;

    /** What a reader of the README downloads with it. */
    private static final int WEIGHT_BYTES = 600_000;

    private static final Path KEPT = Build.find().root().resolve("deploy/screenshots");
    private static final Path TAKEN = Build.find()
            .root()
            .resolve(Objects.requireNonNullElse(System.getenv("SCREENSHOTS"), "deploy/local/target/screenshots"));

    private final LocalSystem system = SharedSystem.get();

    @BeforeEach
    void vote() throws SQLException {
        var streams = new Streams(system);
        streams.append(IntStream.range(0, CATS + DOGS)
                .boxed()
                .collect(Collectors.toMap(number -> UUID.randomUUID(), number -> number < CATS ? "cats" : "dogs")));
        await().until(streams::areDrained);
        try (var connection = DriverManager.getConnection(system.postgres().jdbcUrl());
                var statement = connection.createStatement()) {
            statement.execute("truncate votes_per_minute");
            statement.execute("""
                    insert into votes_per_minute
                    select date_trunc('minute', now()) - minute * interval '1 minute', 0,
                           round(40 + 28 * sin(minute / 4.0) + minute % 5)
                    from generate_series(0, 29) as minute
                    """);
            statement.execute("notify tally");
        }
    }

    @AfterEach
    void clear() throws SQLException {
        await().until(new Streams(system)::areDrained);
        new Outcome(system).clear();
    }

    @ParameterizedTest
    @EnumSource(names = {"LIGHT", "DARK"})
    void everyPageIsShown(ColorScheme scheme) {
        for (var reader : List.of(Reader.ENGLISH_AT_A_DESK, Reader.ENGLISH_ON_A_PHONE)) {
            var visitor = chromium.visitor(reader.settings().setColorScheme(scheme));
            var where = reader == Reader.ENGLISH_AT_A_DESK ? "desktop" : "phone";
            take(ballot(visitor, reader), "vote", where, scheme);
            take(live(visitor, reader, "/"), "result", where, scheme);
        }
        var visitor = chromium.visitor(
                Reader.ENGLISH_AT_A_DESK.settings().setViewportSize(1280, 760).setColorScheme(scheme));
        take(live(visitor, Reader.ENGLISH_AT_A_DESK, "/stage"), "stage", "desktop", scheme);
        var pipeline = PipelinePage.open(visitor, system.result().uri());
        pipeline.isFlowing(Reader.ENGLISH_AT_A_DESK);
        take(pipeline.page(), "pipeline", "desktop", scheme);
    }

    @AfterAll
    static void picturesThatAreKeptAreTheseAndAreLight() throws IOException {
        assertThat(names(KEPT)).as("pictures in %s: run make screenshots", KEPT).isEqualTo(names(TAKEN));
        assertThat(Files.readString(Build.find().root().resolve("README.md")))
                .contains(names(TAKEN).stream()
                        .map(name -> "deploy/screenshots/" + name)
                        .toList());
        var weight = 0L;
        for (var name : names(KEPT)) {
            weight += Files.size(KEPT.resolve(name));
        }
        assertThat(weight).isLessThan(WEIGHT_BYTES);
    }

    private Page ballot(BrowserContext visitor, Reader reader) {
        var ballot = BallotPage.open(visitor, system.vote().uri());
        ballot.option("Cats").click();
        ballot.shows("Cats", reader);
        // Whose machine this is, is nobody's business.
        ballot.page()
                .locator("footer > p:last-child")
                .evaluate("line => line.textContent = line.textContent.replace(/\\S+$/, 'vote-1')");
        return ballot.page();
    }

    private Page live(BrowserContext visitor, Reader reader, String path) {
        var result = ResultPage.open(visitor, system.result().uri().resolve(path));
        result.isLive(reader);
        result.page()
                .waitForFunction("Number(document.querySelector('#total').textContent.replace(/\\D/g, '')) > 1200");
        return result.page();
    }

    private static void take(Page page, String what, String where, ColorScheme scheme) {
        var name = "%s-%s-%s.png".formatted(what, where, scheme.name().toLowerCase());
        page.evaluate("Promise.all(document.getAnimations().filter((animation) => animation.effect.getComputedTiming()"
                + ".endTime < Infinity).map((animation) => animation.finished))");
        try {
            Files.createDirectories(TAKEN);
            ImageIO.write(
                    reduced(ImageIO.read(new ByteArrayInputStream(page.screenshot()))),
                    "png",
                    TAKEN.resolve(name).toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** To its 256 most frequent colours, which nobody notices of pages as flat as these, and which is a third lighter. */
    private static BufferedImage reduced(BufferedImage picture) {
        var pixels = picture.getRGB(0, 0, picture.getWidth(), picture.getHeight(), null, 0, picture.getWidth());
        var palette = IntStream.of(pixels)
                .boxed()
                .collect(Collectors.groupingBy(colour -> colour, Collectors.counting()))
                .entrySet()
                .stream()
                .sorted(Comparator.comparing(colour -> -colour.getValue()))
                .limit(256)
                .mapToInt(Map.Entry::getKey)
                .toArray();
        var nearest = new HashMap<Integer, Integer>();
        var indices = IntStream.of(pixels)
                .map(colour -> nearest.computeIfAbsent(colour, sought -> nearest(sought, palette)))
                .toArray();
        var reduced = new BufferedImage(
                picture.getWidth(),
                picture.getHeight(),
                BufferedImage.TYPE_BYTE_INDEXED,
                new IndexColorModel(8, palette.length, palette, 0, false, -1, DataBuffer.TYPE_BYTE));
        reduced.getRaster().setPixels(0, 0, picture.getWidth(), picture.getHeight(), indices);
        return reduced;
    }

    private static int nearest(int colour, int[] palette) {
        return IntStream.range(0, palette.length)
                .boxed()
                .min(Comparator.comparing(i -> IntStream.of(0, 8, 16)
                        .map(shift -> (colour >> shift & 0xff) - (palette[i] >> shift & 0xff))
                        .map(difference -> difference * difference)
                        .sum()))
                .orElseThrow();
    }

    private static Set<String> names(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).collect(Collectors.toSet());
        }
    }
}
