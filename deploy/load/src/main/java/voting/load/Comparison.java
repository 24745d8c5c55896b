package voting.load;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;
import voting.load.Latencies.Percentiles;

/** {@code make load-compare A=… B=…}: two reports side by side. Of a curve, the medians of each rate that both have. */
record Comparison(Report a, Report b) {

    /** One figure in both; for some a larger one is better, and nothing is said about which. */
    record Row(String what, double before, double after) {

        String change() {
            return before == 0 ? "" : "%+.1f %%".formatted(100 * (after - before) / before);
        }
    }

    List<Row> rows() {
        var rows = new ArrayList<Row>();
        var stepsOfB = Curve.byRate(b.steps());
        Curve.byRate(a.steps()).forEach((rate, steps) -> {
            if (stepsOfB.containsKey(rate)) {
                addStep(rows, "%,.0f/s: ".formatted(rate), steps, stepsOfB.get(rate));
            }
        });
        if (rows.isEmpty() && a.steps().size() == 1 && b.steps().size() == 1) {
            addStep(rows, "", a.steps(), b.steps());
        }
        if (a.highest() != null && b.highest() != null) {
            rows.add(new Row(
                    "highest rate within the objective",
                    a.highest().rate(),
                    b.highest().rate()));
        }
        return rows;
    }

    String text() {
        var text = new StringBuilder();
        differences().forEach(line -> text.append(line).append('\n'));
        text.append("%-52s %14s %14s %10s%n".formatted("", "A", "B", "change"));
        rows().forEach(row -> text.append(
                "%-52s %,14.2f %,14.2f %10s%n".formatted(row.what(), row.before(), row.after(), row.change())));
        return text.toString();
    }

    /** What makes a comparison doubtful: it was not the same that was measured. */
    List<String> differences() {
        var differences = new ArrayList<String>();
        if (!a.isValid() || !b.isValid()) {
            differences.add("One of the runs is INVALID: A %s, B %s".formatted(a.invalid(), b.invalid()));
        }
        if (a.environment().cores() != b.environment().cores()) {
            differences.add("A ran on %d cores, B on %d"
                    .formatted(a.environment().cores(), b.environment().cores()));
        }
        var names = new TreeSet<>(a.settings().keySet());
        names.addAll(b.settings().keySet());
        names.remove("SEED");
        for (var name : names) {
            var before = a.settings().getOrDefault(name, "none");
            var after = b.settings().getOrDefault(name, "none");
            if (!before.equals(after)) {
                differences.add("%s: A %s, B %s".formatted(name, before, after));
            }
        }
        return differences;
    }

    private static void addStep(List<Row> rows, String prefix, List<Measurement> before, List<Measurement> after) {
        var row = new Rows(rows, prefix, before, after);
        row.add("votes accepted/s", Measurement::acceptedPerSecond);
        row.addPercentiles("acceptance", step -> step.figures().acceptance());
        row.addPercentiles("acknowledged to stored", Measurement::stored);
        row.addPercentiles("acknowledged to visible", Measurement::visible);
        row.addPercentiles("intended start to visible", Measurement::visibleSinceIntended);
        row.add("drain, s", Measurement::drainSeconds);
        for (var service : before.getFirst().services().keySet()) {
            if (after.stream().allMatch(step -> step.services().containsKey(service))) {
                row.add(
                        service + ": CPU s per million votes",
                        step -> step.services().get(service).cpuSecondsPerMillionVotes());
                row.add(
                        service + ": peak memory, MB",
                        step -> step.services().get(service).peakMemoryBytes() / 1e6);
            }
        }
    }

    private record Rows(List<Row> rows, String prefix, List<Measurement> before, List<Measurement> after) {

        void add(String what, ToDoubleFunction<Measurement> figure) {
            rows.add(new Row(prefix + what, Curve.median(before, figure), Curve.median(after, figure)));
        }

        void addPercentiles(String what, java.util.function.Function<Measurement, Percentiles> percentiles) {
            add(what + " p50, ms", step -> percentiles.apply(step).p50());
            add(what + " p99, ms", step -> percentiles.apply(step).p99());
            add(what + " max, ms", step -> percentiles.apply(step).max());
        }
    }
}
