package voting.load;

import voting.load.Latencies.Percentiles;

/** A {@link Report} in lines for the terminal. */
record Summary(Report report) {

    String text() {
        var text = new StringBuilder("\n");
        for (var step : report.steps()) {
            add(text, step);
        }
        if (report.steps().size() > 1) {
            text.append(
                    report.highest() == null
                            ? "No rate kept the objective.\n"
                            : "Highest rate within p99 acceptance %.0f ms and p99 visibility %.0f ms: %,.0f requests/s (%,.0f votes/s)%n"
                                    .formatted(
                                            Curve.ACCEPTANCE_P99,
                                            Curve.VISIBILITY_P99,
                                            report.highest().rate(),
                                            report.highest().votesPerSecond()));
        }
        text.append(report.verification().summary()).append('\n');
        report.verification()
                .examples()
                .forEach(example -> text.append("  ").append(example).append('\n'));
        text.append(report.isValid() ? "VALID" : "INVALID: " + String.join("; ", report.invalid()));
        return text.toString();
    }

    private static void add(StringBuilder text, Measurement step) {
        var figures = step.figures();
        text.append(
                "Offered %,.1f requests/s for %.0f s; %,.1f votes/s accepted, refused %,d, failed %,d%s, never sent %,d%n"
                        .formatted(
                                step.rate(),
                                step.seconds(),
                                step.acceptedPerSecond(),
                                figures.refusal().count(),
                                figures.failed(),
                                figures.failures().isEmpty() ? "" : " " + figures.failures(),
                                figures.dropped()));
        text.append("%-38s %9s %9s %9s %9s %9s%n".formatted("milliseconds", "p50", "p90", "p99", "p99.9", "max"));
        add(text, "vote accepted, from intended start", figures.acceptance());
        add(text, "vote refused", figures.refusal());
        add(text, "acknowledged to stored (markers)", step.stored());
        add(text, "acknowledged to visible", step.visible());
        add(text, "intended start to visible", step.visibleSinceIntended());
        add(text, "update to viewer", step.delivery());
        add(text, "lag of the generator", figures.lag());
        text.append("Drained %.2f s after the last answer; longest queue %,d; viewers %,d, lost %,d%n"
                .formatted(
                        step.drainSeconds(),
                        step.queue().stream().mapToLong(Long::longValue).max().orElse(0),
                        step.viewers(),
                        step.viewersLost()));
        step.services()
                .forEach((name, use) -> text.append("  %-10s %7.2f CPU s, %7.1f per million votes, peak %,.0f MB%n"
                        .formatted(
                                name, use.cpuSeconds(), use.cpuSecondsPerMillionVotes(), use.peakMemoryBytes() / 1e6)));
    }

    private static void add(StringBuilder text, String what, Percentiles percentiles) {
        if (percentiles.count() > 0) {
            text.append("%-38s %9.2f %9.2f %9.2f %9.2f %9.2f%n"
                    .formatted(
                            what,
                            percentiles.p50(),
                            percentiles.p90(),
                            percentiles.p99(),
                            percentiles.p999(),
                            percentiles.max()));
        }
    }
}
