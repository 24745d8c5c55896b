package voting.load;

import java.util.List;
import java.util.Map;
import voting.load.Latencies.Percentiles;
import voting.load.Recorder.Figures;

/**
 * One load, after its warm-up. All times in milliseconds.
 *
 * @param rate offered per second, on average
 * @param seconds that it lasted
 * @param figures what became of the requests
 * @param stored from acknowledged until the vote was in Postgres; of markers
 * @param visible from acknowledged until a viewer could see it; see {@link Visibility}
 * @param visibleSinceIntended the same from the intended start: what the voter sees
 * @param delivery from the moment when the result service read a tally until a viewer had it; of all viewers
 * @param viewersLost connections of viewers that ended; not of silent ones, who do not notice
 * @param unconfirmed votes of which nobody knows whether they were accepted: each may make others seem visible too early
 * @param queue ballots that waited to be counted, once a second
 * @param queueSource how that was seen
 * @param drainSeconds from the last answer until all was counted and visible
 * @param drained whether that happened at all
 * @param services what each cost, from the warm-up until all was drained; empty when it cannot be seen
 * @param brokenInstruments what stopped to measure before the end, and why
 */
record Measurement(
        double rate,
        double seconds,
        Figures figures,
        Percentiles stored,
        Percentiles visible,
        Percentiles visibleSinceIntended,
        Percentiles delivery,
        int viewers,
        int viewersLost,
        long unconfirmed,
        List<Long> queue,
        String queueSource,
        double drainSeconds,
        boolean drained,
        Map<String, Use> services,
        List<String> brokenInstruments) {

    /**
     * @param cpuSecondsPerMillionVotes accepted
     * @param flags of its JVM
     */
    record Use(double cpuSeconds, double cpuSecondsPerMillionVotes, long peakMemoryBytes, String flags) {}

    /** Of the time that the load lasted: what was answered afterwards would let a system that is behind look faster. */
    double acceptedPerSecond() {
        return figures.acceptedInTime() / seconds;
    }
}
