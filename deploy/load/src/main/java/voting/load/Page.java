package voting.load;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import voting.load.Chart.Series;
import voting.load.Latencies.Percentiles;
import voting.load.Latencies.Point;
import voting.load.Recorder.Second;

/** A {@link Report} as one page that needs nothing else: no script, no network. */
final class Page {

    private static final String HEAD = """
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>%s</title>
            <style>
            :root { --ink: #1d2430; --soft: #667085; --line: #d8dde6; --ground: #fff; --good: #147d43; --bad: #b42318;
              --c0: #2563eb; --c1: #d97706; --c2: #b42318; --c3: #147d43; }
            @media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #98a2b3; --line: #343b48;
              --ground: #14181f; --good: #4ade80; --bad: #f97066; --c0: #7aa2ff; --c1: #fbbf24; --c2: #f97066; --c3: #4ade80; } }
            body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground);
              max-width: 60rem; margin: 0 auto; padding: 1rem; }
            h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
            .scroll { overflow-x: auto; }
            table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
            th, td { padding: .25rem .75rem .25rem 0; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
            th:first-child, td:first-child { text-align: left; }
            th { color: var(--soft); font-weight: 500; }
            .facts td { text-align: left; white-space: normal; overflow-wrap: anywhere; }
            .good { color: var(--good); } .bad { color: var(--bad); } .soft { color: var(--soft); }
            svg { width: 100%%; height: auto; } svg text { fill: var(--soft); font-size: 11px; }
            svg .grid { stroke: var(--line); } svg .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
            .legend span { margin-right: 1rem; } .legend i { display: inline-block; width: .8em; height: .8em; margin-right: .4em; }
            @media (max-width: 40rem) { table { font-size: .8rem; } th, td { padding-right: .5rem; }
              td:first-child { white-space: normal; min-width: 7rem; } svg text { font-size: 16px; } }
            </style>
            """;

    private final Report report;
    private final StringBuilder html = new StringBuilder();

    Page(Report report) {
        this.report = report;
    }

    String html() {
        html.append(HEAD.formatted(escape(report.title())));
        add("<h1>%s</h1>", report.title());
        verdict();
        if (report.steps().size() > 1) {
            curve();
        }
        var step = report.steps().getLast();
        latencies(step);
        overTime(step);
        percentiles(step);
        services(step);
        facts("Environment", report.environment().facts());
        facts("Settings", report.settings());
        return html.toString();
    }

    private void verdict() {
        add(
                "<p class=soft>%s, %d cores</p>",
                report.startedAt(), report.environment().cores());
        if (report.isValid()) {
            add(
                    "<p><strong class=good>Valid.</strong> %s.</p>",
                    report.verification().summary());
            return;
        }
        add(
                "<p><strong class=bad>INVALID:</strong> %s. %s.</p>",
                String.join("; ", report.invalid()), report.verification().summary());
        for (var example : report.verification().examples()) {
            add("<p class=soft>%s</p>", example);
        }
    }

    private void curve() {
        var highest = report.highest();
        add("<h2>Latency by rate</h2>");
        add(
                highest == null
                        ? "<p>No rate keeps p99 acceptance under %.0f ms and p99 visibility under %.0f ms.</p>"
                        : "<p>Highest rate that keeps p99 acceptance under %.0f ms and p99 visibility under %.0f ms: <strong>"
                                + "%,.0f requests/s</strong>, %,.0f of them accepted votes.</p>",
                Curve.ACCEPTANCE_P99,
                Curve.VISIBILITY_P99,
                highest == null ? 0 : highest.rate(),
                highest == null ? 0 : highest.votesPerSecond());
        var byRate = Curve.byRate(report.steps());
        chart(
                "p99 in ms by requests/s",
                byRate(byRate, "acceptance", step -> step.figures().acceptance().p99()),
                byRate(byRate, "visible", step -> step.visible().p99()));
        table(
                "requests/s",
                "votes accepted/s",
                "acceptance p50",
                "p99",
                "spread of p99",
                "visible p99",
                "drain s",
                "objective");
        byRate.forEach((rate, steps) -> row(
                "%,.0f".formatted(rate),
                "%,.0f".formatted(Curve.median(steps, Measurement::acceptedPerSecond)),
                millis(Curve.median(steps, step -> step.figures().acceptance().p50())),
                millis(Curve.median(steps, step -> step.figures().acceptance().p99())),
                spread(steps),
                millis(Curve.median(steps, step -> step.visible().p99())),
                "%.2f".formatted(Curve.median(steps, Measurement::drainSeconds)),
                Curve.isWithinObjective(steps) ? "kept" : "missed"));
        html.append("</table></div>\n");
        add("<p class=soft>Medians of the repetitions. What follows is the last of them.</p>");
    }

    private static String spread(List<Measurement> steps) {
        var sorted = steps.stream()
                .map(step -> step.figures().acceptance().p99())
                .sorted()
                .toList();
        return millis(sorted.getFirst()) + " – " + millis(sorted.getLast());
    }

    private static Series byRate(
            Map<Double, List<Measurement>> steps, String name, ToDoubleFunction<Measurement> figure) {
        var points = new ArrayList<double[]>();
        steps.forEach((rate, repetitions) -> points.add(new double[] {rate, Curve.median(repetitions, figure)}));
        return new Series(name, points);
    }

    private void latencies(Measurement step) {
        add("<h2>Latency in milliseconds</h2>");
        table("", "count", "p50", "p90", "p99", "p99.9", "max");
        latency("vote accepted, from the intended start", step.figures().acceptance());
        step.figures()
                .kinds()
                .forEach((kind, figures) -> latency(kind.name().toLowerCase().replace('_', ' '), figures.succeeded()));
        latency("vote refused (503, 429)", step.figures().refusal());
        latency("acknowledged → stored (markers)", step.stored());
        latency("acknowledged → visible", step.visible());
        latency("intended start → visible", step.visibleSinceIntended());
        latency("update → viewer", step.delivery());
        latency("lag of the generator", step.figures().lag());
        html.append("</table></div>\n");
        add(
                "<p>%,.1f requests/s offered, %,.1f votes/s accepted; failed %,d, never sent %,d. Queue empty and all visible"
                        + " %.2f s after the last answer. Viewers: %,d, connections lost %,d.</p>",
                step.rate(),
                step.acceptedPerSecond(),
                step.figures().failed(),
                step.figures().dropped(),
                step.drainSeconds(),
                step.viewers(),
                step.viewersLost());
        if (step.unconfirmed() > 0) {
            add(
                    "<p class=soft>%,d votes were not confirmed: each that was counted all the same makes another seem visible"
                            + " too early.</p>",
                    step.unconfirmed());
        }
    }

    private void latency(String what, Percentiles percentiles) {
        if (percentiles.count() > 0) {
            row(
                    what,
                    "%,d".formatted(percentiles.count()),
                    millis(percentiles.p50()),
                    millis(percentiles.p90()),
                    millis(percentiles.p99()),
                    millis(percentiles.p999()),
                    millis(percentiles.max()));
        }
    }

    private void overTime(Measurement step) {
        add("<h2>Over time, the warm-up included</h2>");
        var seconds = step.figures().seconds();
        chart(
                "requests/s by second",
                perSecond(seconds, "offered", Second::offered),
                perSecond(seconds, "accepted", Second::accepted),
                perSecond(seconds, "refused or failed", second -> second.refused() + second.failed()));
        chart(
                "latency in ms by second",
                perSecond(seconds, "p50", Second::p50),
                perSecond(seconds, "p99", Second::p99));
        var queue = new ArrayList<double[]>();
        for (int i = 0; i < step.queue().size(); i++) {
            queue.add(new double[] {i, step.queue().get(i)});
        }
        chart("ballots that wait, by second (" + step.queueSource() + ")", new Series("queue", queue));
    }

    private static Series perSecond(List<Second> seconds, String name, ToDoubleFunction<Second> figure) {
        return new Series(
                name,
                seconds.stream()
                        .map(second -> new double[] {second.second(), figure.applyAsDouble(second)})
                        .toList());
    }

    private void percentiles(Measurement step) {
        add("<h2>Latency by percentile</h2>");
        chart(
                "ms, by the number of nines: 0 is 0 %, 1 is 90 %, 2 is 99 %, 3 is 99.9 %",
                byNines("accepted", step.figures().acceptance()),
                byNines("acknowledged → stored", step.stored()),
                byNines("acknowledged → visible", step.visible()));
    }

    private static Series byNines(String name, Percentiles percentiles) {
        return new Series(
                name,
                percentiles.count() == 0
                        ? List.of()
                        : percentiles.curve().stream()
                                .filter(point -> point.percent() < 100)
                                .map(Page::byNines)
                                .toList());
    }

    private static double[] byNines(Point point) {
        return new double[] {-Math.log10(1 - point.percent() / 100), point.millis()};
    }

    private void services(Measurement step) {
        if (step.services().isEmpty()) {
            return;
        }
        add("<h2>What it cost</h2>");
        table("", "CPU s", "CPU s per million votes", "peak memory MB", "JVM flags");
        step.services()
                .forEach((name, use) -> row(
                        name,
                        "%.2f".formatted(use.cpuSeconds()),
                        "%.1f".formatted(use.cpuSecondsPerMillionVotes()),
                        "%.0f".formatted(use.peakMemoryBytes() / 1e6),
                        use.flags()));
        html.append("</table></div>\n");
    }

    private void facts(String title, Map<String, String> facts) {
        add("<h2>%s</h2>\n<div class=scroll><table class=facts>", title);
        facts.forEach((name, value) -> add("<tr><td>%s<td>%s", name, value));
        html.append("</table></div>\n");
    }

    private void table(String... columns) {
        html.append("<div class=scroll><table><tr>");
        for (var column : columns) {
            add("<th>%s", column);
        }
    }

    private void row(String... cells) {
        html.append("<tr>");
        for (var cell : cells) {
            add("<td>%s", cell);
        }
    }

    private void chart(String title, Series... series) {
        html.append(new Chart(title, List.of(series)).html());
    }

    /** Of the arguments, texts are escaped. */
    private void add(String format, Object... arguments) {
        for (int i = 0; i < arguments.length; i++) {
            arguments[i] = arguments[i] instanceof String text ? escape(text) : arguments[i];
        }
        html.append(format.formatted(arguments)).append('\n');
    }

    static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }

    private static String millis(double millis) {
        return millis < 100 ? "%.2f".formatted(millis) : "%,.0f".formatted(millis);
    }
}
