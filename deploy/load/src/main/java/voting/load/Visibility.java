package voting.load;

/**
 * When acknowledged votes of new voters could be seen on {@code /events}.
 *
 * <p>The events do not say whose votes they count, but their total is exact and only grows with new voters: when it is
 * {@code k} above what it was before the run, the {@code k} votes that were acknowledged first count as visible. That is
 * exact up to the order in which votes of the same moment were counted, and only while no unconfirmed vote is counted
 * besides. May be used by any thread.
 */
final class Visibility {

    private final Latencies sinceIntended = new Latencies();
    private final Latencies sinceAcknowledged = new Latencies();

    /** Of the acknowledged votes that are not visible yet, in turn: when each was due, and when it was acknowledged. */
    private long[] intended = new long[1 << 10];

    private long[] acknowledged = new long[1 << 10];
    private long first;
    private long end;
    private final long totalBefore;
    private long total;
    private long measuredFromNanos;

    Visibility(long totalBefore) {
        this.totalBefore = totalBefore;
        this.total = totalBefore;
    }

    /** To be called before the first vote. Those that are due before this moment are not measured. */
    synchronized void measureFrom(long nanos) {
        measuredFromNanos = nanos;
    }

    synchronized void acknowledged(long intendedNanos, long acknowledgedNanos) {
        if (end - first == intended.length) {
            grow();
        }
        intended[slot(end)] = intendedNanos;
        acknowledged[slot(end)] = acknowledgedNanos;
        end++;
        see(acknowledgedNanos); // its total may have come before its answer
    }

    /** A viewer was shown this total. */
    synchronized void shown(long newTotal, long nanos) {
        total = Math.max(total, newTotal);
        see(nanos);
    }

    /** Acknowledged, and not seen. */
    synchronized long outstanding() {
        return end - first;
    }

    Latencies sinceIntended() {
        return sinceIntended;
    }

    Latencies sinceAcknowledged() {
        return sinceAcknowledged;
    }

    private void see(long nanos) {
        for (; first < end && first < total - totalBefore; first++) {
            if (intended[slot(first)] - measuredFromNanos >= 0) {
                sinceIntended.record(nanos - intended[slot(first)]);
                sinceAcknowledged.record(nanos - acknowledged[slot(first)]);
            }
        }
    }

    private int slot(long number) {
        return (int) (number & intended.length - 1);
    }

    private void grow() {
        var larger = new long[][] {new long[2 * intended.length], new long[2 * intended.length]};
        for (var number = first; number < end; number++) {
            var slot = (int) (number & larger[0].length - 1);
            larger[0][slot] = intended[slot(number)];
            larger[1][slot] = acknowledged[slot(number)];
        }
        intended = larger[0];
        acknowledged = larger[1];
    }
}
