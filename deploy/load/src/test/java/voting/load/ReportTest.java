package voting.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import voting.load.Latencies.Percentiles;
import voting.load.Recorder.Figures;
import voting.load.Recorder.KindFigures;
import voting.load.Recorder.Second;
import voting.load.Request.Kind;

class ReportTest {

    private static final Verification PASSED = Verification.ofTotals(10, 10, 10);
    private static final LoadSettings SETTINGS = LoadSettings.of(Map.of("MAX_LAG", "20ms", "MAX_DROPPED", "1"));

    /** 1,000 values up to the largest. */
    private static Percentiles upTo(long millis) {
        var latencies = new Latencies();
        LongStream.rangeClosed(1, 1_000)
                .forEach(i -> latencies.record(TimeUnit.MILLISECONDS.toNanos(millis) * i / 1_000));
        return latencies.percentiles();
    }

    private static Measurement step(double rate, long acceptance, long visible, long lag, long dropped) {
        return step(rate, acceptance, visible, lag, dropped, 0, List.of());
    }

    private static Measurement step(
            double rate,
            long acceptance,
            long visible,
            long lag,
            long dropped,
            int viewersLost,
            List<String> brokenInstruments) {
        var kinds = new EnumMap<Kind, KindFigures>(Kind.class);
        kinds.put(Kind.NEW_VOTE, new KindFigures(upTo(acceptance), new Latencies().percentiles(), 0, dropped));
        var figures = new Figures(
                kinds,
                upTo(acceptance),
                900,
                new Latencies().percentiles(),
                upTo(acceptance),
                upTo(lag),
                Map.of("answer 500 <b>", 1L),
                List.of(new Second(0, 1_000, 990, 5, 5, 1.5, 9, 12), new Second(1, 1_000, 1_000, 0, 0, 1, 8, 11)));
        return new Measurement(
                rate,
                2,
                figures,
                upTo(30),
                upTo(visible),
                upTo(visible + 10),
                upTo(5),
                100,
                viewersLost,
                0,
                List.of(0L, 7L),
                "entries in the streams",
                0.2,
                true,
                Map.of("vote", new Measurement.Use(1.5, 15, 200_000_000, "-Xmx230m")),
                brokenInstruments);
    }

    private static Report report(List<Measurement> steps, List<String> invalid) {
        return new Report(
                "Load <test>",
                "2026-01-02T03:04:05Z",
                Map.of("RATE", "1000"),
                new Environment(2, Map.of("processor", "a & b")),
                steps,
                steps.size() > 1 ? Curve.highest(steps) : null,
                PASSED,
                invalid);
    }

    @Test
    void reportIsReadAsItWasWritten(@TempDir Path directory) throws IOException {
        var report = report(List.of(step(1_000, 10, 100, 1, 0)), List.of());

        var page = report.write(Map.of("LOAD_REPORTS", directory.toString()));

        var json = page.resolveSibling("2026-01-02T03-04-05Z.json");
        assertThat(Report.read("A", json.toString())).isEqualTo(report);
        assertThat(page).isNotEmptyFile();
    }

    @Test
    void fileThatIsNoReportIsToldInOneSentence(@TempDir Path directory) throws IOException {
        var file = Files.writeString(directory.resolve("x.json"), "{}[");

        assertThatThrownBy(() -> Report.read("A", file.toString()))
                .isInstanceOf(LoadException.class)
                .hasMessageStartingWith("A must name a report");
    }

    @Test
    void pageNeedsNothingElseAndEscapesWhatItShows() {
        var html = new Page(report(List.of(step(1_000, 10, 100, 1, 0)), List.of())).html();

        assertThat(html)
                .contains("<svg", "Load &lt;test&gt;", "a &amp; b", "prefers-color-scheme: dark", "width=device-width")
                .doesNotContain("<script", "src=", "href=", "url(", "@import", "NaN", "Infinity");
    }

    @Test
    void runIsNotToBeBelievedWhenTheGeneratorWasLate() {
        assertThat(Report.flaws(step(1_000, 10, 100, 20, 0), SETTINGS)).isEmpty();
        assertThat(Report.flaws(step(1_000, 10, 100, 30, 0), SETTINGS))
                .singleElement()
                .asString()
                .contains("lagged");
    }

    @Test
    void runIsNotToBeBelievedWhenTooMuchWasNeverSent() {
        assertThat(Report.flaws(step(1_000, 10, 100, 1, 10), SETTINGS)).isEmpty();
        assertThat(Report.flaws(step(1_000, 10, 100, 1, 11), SETTINGS))
                .singleElement()
                .asString()
                .contains("never sent");
    }

    @Test
    void runIsNotToBeBelievedWhenViewersWereLost() {
        var step = step(1_000, 10, 100, 1, 0, 3, List.of());

        assertThat(Report.flaws(step, SETTINGS)).containsExactly("3 connections of viewers ended");
        assertThat(new Summary(report(List.of(step), List.of())).text()).contains("viewers 100, lost 3");
    }

    @Test
    void runIsNotToBeBelievedWhenAnInstrumentBrokeOff() {
        var step = step(1_000, 10, 100, 1, 0, 0, List.of("the markers broke off: Postgres failed"));

        assertThat(Report.flaws(step, SETTINGS)).containsExactly("the markers broke off: Postgres failed");
    }

    @Test
    void onlyWhatIsAcceptedWhileTheLoadLastsCountsAsItsRate() {
        assertThat(step(1_000, 10, 100, 1, 0).acceptedPerSecond()).isEqualTo(450);
    }

    @Test
    void highestRateIsTheLastBeforeTheFirstThatMissesTheObjective() {
        var steps = List.of(
                step(1_000, 10, 100, 1, 0),
                step(2_000, 40, 400, 1, 0),
                step(2_000, 900, 400, 1, 0), // one repetition of three: the median counts
                step(2_000, 41, 400, 1, 0),
                step(3_000, 60, 400, 1, 0),
                step(4_000, 10, 100, 1, 0));

        assertThat(Curve.highest(steps).rate()).isEqualTo(2_000);
        assertThat(Curve.highest(steps).acceptanceP99()).isBetween(40.0, 41.1);
        assertThat(Curve.highest(List.of(step(1_000, 10, 600, 1, 0)))).isNull();
        assertThat(Curve.highest(List.of(step(1_000, 10, 100, 1, 1)))).isNull();
        assertThat(new Page(report(steps, List.of("x"))).html()).contains("2,000 requests/s", "INVALID");
    }

    @Test
    void comparisonShowsTheChangeAndWhatMakesItDoubtful() {
        var before = report(List.of(step(1_000, 10, 100, 1, 0)), List.of());
        var after = new Report(
                before.title(),
                before.startedAt(),
                Map.of("RATE", "1000", "VIEWERS", "5"),
                new Environment(4, Map.of()),
                List.of(step(1_000, 20, 100, 1, 0)),
                null,
                PASSED,
                List.of("the generator lagged"));

        var comparison = new Comparison(before, after);

        assertThat(comparison.rows())
                .filteredOn(row -> row.what().endsWith("acceptance p99, ms"))
                .singleElement()
                .satisfies(row -> assertThat(row.change()).isEqualTo("+100.0 %"));
        assertThat(comparison.differences())
                .anyMatch(line -> line.contains("INVALID"))
                .anyMatch(line -> line.contains("2 cores, B on 4"))
                .contains("VIEWERS: A none, B 5");
        assertThat(comparison.text()).contains("vote: CPU s per million votes");
    }

    @Test
    void chartIsScaledToReadableNumbers() {
        assertThat(Chart.roundUp(0)).isEqualTo(1);
        assertThat(Chart.roundUp(3)).isEqualTo(4);
        assertThat(Chart.roundUp(1_000)).isEqualTo(1_000);
        assertThat(Chart.roundUp(8_100)).isEqualTo(10_000);
    }

    @Test
    void sumOfPercentilesIsOfAllValuesNotOfPercentiles() {
        var fast = new Latencies();
        var slow = new Latencies();
        LongStream.range(0, 99).forEach(i -> fast.record(TimeUnit.MILLISECONDS.toNanos(1)));
        slow.record(Duration.ofSeconds(1).toNanos());

        fast.add(slow);

        assertThat(fast.percentiles().p90()).isBetween(0.99, 1.01);
        assertThat(fast.percentiles().max()).isGreaterThan(999);
    }
}
