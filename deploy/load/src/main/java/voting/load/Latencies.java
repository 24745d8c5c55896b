package voting.load;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.DoubleStream;
import org.HdrHistogram.Histogram;

/** Times in a histogram: 1 µs to 100 s, to three digits. May be used by any thread. */
final class Latencies {

    private static final long LONGEST_MICROS = TimeUnit.SECONDS.toMicros(100);
    private static final int DIGITS = 3;
    private static final double[] CURVE = {
        0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 98, 99, 99.5, 99.8, 99.9, 99.95, 99.99, 100
    };

    private final Histogram histogram = new Histogram(LONGEST_MICROS, DIGITS);

    synchronized void record(long nanos) {
        histogram.recordValue(Math.clamp(TimeUnit.NANOSECONDS.toMicros(nanos), 0, LONGEST_MICROS));
    }

    synchronized void add(Latencies other) {
        histogram.add(other.histogram);
    }

    synchronized void reset() {
        histogram.reset();
    }

    synchronized long count() {
        return histogram.getTotalCount();
    }

    synchronized Percentiles percentiles() {
        return new Percentiles(
                histogram.getTotalCount(),
                millis(50),
                millis(90),
                millis(99),
                millis(99.9),
                millis(100),
                DoubleStream.of(CURVE)
                        .mapToObj(percent -> new Point(percent, millis(percent)))
                        .toList());
    }

    private double millis(double percent) {
        return histogram.getTotalCount() == 0 ? 0 : histogram.getValueAtPercentile(percent) / 1e3;
    }

    /** In milliseconds; all 0 when nothing was measured. */
    record Percentiles(long count, double p50, double p90, double p99, double p999, double max, List<Point> curve) {}

    record Point(double percent, double millis) {}
}
