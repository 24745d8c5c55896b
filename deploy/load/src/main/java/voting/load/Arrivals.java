package voting.load;

import java.util.SplittableRandom;
import java.util.function.DoubleSupplier;

/**
 * When each request is due, whatever became of those before it: voters do not wait for each other.
 *
 * <p>Either evenly spaced, or as independent voters come (a Poisson process). Both follow the rate by the same step: go on
 * along the area under the curve by one request, or by an exponentially distributed one of mean one.
 */
final class Arrivals {

    static final long NO_MORE = -1;

    private final RateCurve curve;
    private final DoubleSupplier gap;

    /** The area under the curve up to the last arrival, and up to the line that it fell into. */
    private double area;

    private double areaBefore;
    private double secondsBefore;
    private int line;

    private Arrivals(RateCurve curve, DoubleSupplier gap, double area) {
        this.curve = curve;
        this.gap = gap;
        this.area = area;
    }

    /** The first one after half a gap, so that a whole number of requests fits into the time exactly. */
    static Arrivals evenlySpaced(RateCurve curve) {
        return new Arrivals(curve, () -> 1, -0.5);
    }

    static Arrivals poisson(RateCurve curve, long seed) {
        var random = new SplittableRandom(seed);
        return new Arrivals(curve, () -> -Math.log(1 - random.nextDouble()), 0);
    }

    /** Nanoseconds from the start to the next arrival, or {@link #NO_MORE}. */
    long next() {
        area += gap.getAsDouble();
        while (line < curve.lines().size()) {
            var current = curve.lines().get(line);
            if (area - areaBefore < current.requests()) {
                return (long) ((secondsBefore + current.timeOf(area - areaBefore)) * 1e9);
            }
            areaBefore += current.requests();
            secondsBefore += current.seconds();
            line++;
        }
        return NO_MORE;
    }
}
