package voting.load;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import voting.load.LoadSettings.Variables;

/**
 * {@code make load-curve}: each rate several times, until one fails the objective; the figure of a rate is the median of its
 * repetitions.
 *
 * @param rates per second, rising
 * @param stepDuration of each measurement
 */
record Curve(List<Double> rates, int repetitions, Duration stepDuration) {

    /** What the system is to keep to: p99 of the time from the intended start to the acknowledgement, in milliseconds. */
    static final double ACCEPTANCE_P99 = 50;

    /** And p99 from the acknowledgement until a viewer can see the vote. */
    static final double VISIBILITY_P99 = 500;

    /** @param votesPerSecond accepted at that rate; the rate itself counts all kinds of requests */
    record Highest(double rate, double votesPerSecond, double acceptanceP99, double visibilityP99) {}

    static Curve of(Variables variables) {
        var rates = variables.decimals("RATES", "1000,2000,4000,6000,8000,10000,12000,14000,16000,18000,20000");
        if (rates.isEmpty() || rates.stream().anyMatch(rate -> rate <= 0)) {
            throw new LoadException("RATES must be numbers above 0, such as 1000,2000,4000.");
        }
        return new Curve(
                rates.stream().sorted().toList(),
                variables.whole("REPEAT", "3", 1, 20),
                variables.duration("DURATION", "15s"));
    }

    /** Whether the median of a rate's repetitions keeps the objective, and nothing failed. */
    static boolean isWithinObjective(List<Measurement> repetitions) {
        return median(repetitions, step -> step.figures().acceptance().p99()) < ACCEPTANCE_P99
                && median(repetitions, step -> step.visible().p99()) < VISIBILITY_P99
                && repetitions.stream()
                        .allMatch(step -> step.drained()
                                && step.figures().failed() == 0
                                && step.figures().dropped() == 0
                                && step.figures().refusal().count() == 0);
    }

    /** Null when even the lowest rate is beyond it. A rate above one that failed does not count. */
    static Highest highest(List<Measurement> steps) {
        Highest highest = null;
        for (var repetitions : byRate(steps).values()) {
            if (!isWithinObjective(repetitions)) {
                return highest;
            }
            highest = new Highest(
                    repetitions.getFirst().rate(),
                    median(repetitions, Measurement::acceptedPerSecond),
                    median(repetitions, step -> step.figures().acceptance().p99()),
                    median(repetitions, step -> step.visible().p99()));
        }
        return highest;
    }

    static Map<Double, List<Measurement>> byRate(List<Measurement> steps) {
        return steps.stream().collect(Collectors.groupingBy(Measurement::rate, TreeMap::new, Collectors.toList()));
    }

    static double median(List<Measurement> repetitions, java.util.function.ToDoubleFunction<Measurement> figure) {
        var sorted =
                repetitions.stream().sorted(Comparator.comparingDouble(figure)).toList();
        return figure.applyAsDouble(sorted.get(sorted.size() / 2));
    }

    /** Stops early: far beyond its limit a system only queues. */
    List<Measurement> run(Session session, LoadSettings settings) throws java.io.IOException, InterruptedException {
        var steps = new ArrayList<Measurement>();
        for (var rate : rates) {
            var repetitions = new ArrayList<Measurement>();
            for (int i = 0; i < repetitions(); i++) {
                repetitions.add(session.run(settings.at(rate, stepDuration)));
            }
            steps.addAll(repetitions);
            if (!isWithinObjective(repetitions)) {
                break;
            }
        }
        return List.copyOf(steps);
    }
}
