package voting.load;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** How many requests per second, over time: straight lines, one after the other. */
record RateCurve(List<Line> lines) {

    /** From one rate to another within so many seconds. */
    record Line(double seconds, double from, double to) {

        double requests() {
            return seconds * (from + to) / 2;
        }

        /** After how many seconds so many requests have come: solves from·t + (to - from)/(2·seconds)·t² = requests. */
        double timeOf(double requests) {
            var acceleration = (to - from) / seconds;
            return requests == 0 ? 0 : 2 * requests / (from + Math.sqrt(from * from + 2 * acceleration * requests));
        }
    }

    static RateCurve constant(double rate, Duration duration) {
        return ramp(rate, rate, duration);
    }

    static RateCurve ramp(double from, double to, Duration duration) {
        return new RateCurve(duration.isZero() ? List.of() : List.of(new Line(seconds(duration), from, to)));
    }

    /** One rate for each second. */
    static RateCurve profile(List<Double> rates) {
        return new RateCurve(rates.stream().map(rate -> new Line(1, rate, rate)).toList());
    }

    /**
     * Before the measurement: a ramp to its first rate, as no system meets its full load cold, and then as long at that
     * rate.
     */
    RateCurve afterWarmUp(Duration warmUp) {
        var half = warmUp.dividedBy(2);
        var rate = lines.getFirst().from();
        var all = new ArrayList<Line>();
        Stream.of(ramp(0, rate, half), constant(rate, half), this).forEach(curve -> all.addAll(curve.lines));
        return new RateCurve(List.copyOf(all));
    }

    Duration duration() {
        return Duration.ofNanos(
                (long) (lines.stream().mapToDouble(Line::seconds).sum() * 1e9));
    }

    double requests() {
        return lines.stream().mapToDouble(Line::requests).sum();
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }
}
