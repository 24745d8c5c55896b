package voting.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class ArrivalsTest {

    private static final Offset<Long> ROUNDING = within(2L);

    private static List<Long> all(Arrivals arrivals) {
        var all = new ArrayList<Long>();
        for (var next = arrivals.next(); next != Arrivals.NO_MORE; next = arrivals.next()) {
            all.add(next);
        }
        return all;
    }

    private static List<Long> evenlySpaced(RateCurve curve) {
        return all(Arrivals.evenlySpaced(curve));
    }

    @Test
    void constantRateIsEvenlySpacedFromHalfAGapOn() {
        var arrivals = evenlySpaced(RateCurve.constant(4, Duration.ofSeconds(2)));

        assertThat(arrivals)
                .containsExactly(
                        125_000_000L,
                        375_000_000L,
                        625_000_000L,
                        875_000_000L,
                        1_125_000_000L,
                        1_375_000_000L,
                        1_625_000_000L,
                        1_875_000_000L);
    }

    @Test
    void longRunDoesNotDrift() {
        var arrivals = evenlySpaced(RateCurve.constant(1_000, Duration.ofHours(1)));

        assertThat(arrivals).hasSize(3_600_000);
        assertThat(arrivals.getLast()).isCloseTo(3_599_999_500_000L, ROUNDING);
    }

    @Test
    void rampArrivesWhereTheAreaUnderItGrowsByOne() {
        // From 0 to 2 a second in 2 s: after t seconds t²/2 have come, so the first is due at 1 s.
        var arrivals = evenlySpaced(RateCurve.ramp(0, 2, Duration.ofSeconds(2)));

        assertThat(arrivals).hasSize(2);
        assertThat(arrivals.get(0)).isCloseTo(1_000_000_000L, ROUNDING);
        assertThat(arrivals.get(1)).isCloseTo((long) (Math.sqrt(3) * 1e9), ROUNDING);
    }

    @Test
    void fallingRampEndsInTime() {
        var arrivals = evenlySpaced(RateCurve.ramp(100, 0, Duration.ofSeconds(10)));

        assertThat(arrivals).hasSize(500).isSorted();
        assertThat(arrivals.getLast()).isLessThan(10_000_000_000L);
    }

    @Test
    void profileKeepsTheRateOfEachSecond() {
        var arrivals = evenlySpaced(RateCurve.profile(List.of(3.0, 0.0, 5.0)));

        assertThat(arrivals).hasSize(8).isSorted();
        assertThat(arrivals.stream().filter(nanos -> nanos < 1_000_000_000L)).hasSize(3);
        assertThat(arrivals.stream().filter(nanos -> nanos >= 2_000_000_000L)).hasSize(5);
    }

    @Test
    void warmUpRisesToTheFirstRateAndComesOnTop() {
        var curve = RateCurve.constant(100, Duration.ofSeconds(10)).afterWarmUp(Duration.ofSeconds(4));

        assertThat(curve.duration()).isEqualTo(Duration.ofSeconds(14));
        assertThat(evenlySpaced(curve)).hasSize(100 + 200 + 1_000).isSorted();
    }

    @Test
    void poissonArrivalsAreTheSameForTheSameSeedOnly() {
        var curve = RateCurve.constant(1_000, Duration.ofSeconds(5));

        var arrivals = all(Arrivals.poisson(curve, 7));

        assertThat(all(Arrivals.poisson(curve, 7))).isEqualTo(arrivals);
        assertThat(all(Arrivals.poisson(curve, 8))).isNotEqualTo(arrivals);
    }

    @Test
    void poissonGapsAreExponential() {
        var arrivals = all(Arrivals.poisson(RateCurve.constant(1_000, Duration.ofSeconds(100)), 7));

        // 100,000 expected, with a deviation of its root; and of exponential gaps, 1/e are longer than the mean.
        assertThat(arrivals).isSorted();
        assertThat((double) arrivals.size()).isCloseTo(100_000, within(1_500.0));
        var longer = 0;
        for (int i = 1; i < arrivals.size(); i++) {
            longer += arrivals.get(i) - arrivals.get(i - 1) > 1_000_000 ? 1 : 0;
        }
        assertThat((double) longer / arrivals.size()).isCloseTo(1 / Math.E, within(0.01));
    }
}
