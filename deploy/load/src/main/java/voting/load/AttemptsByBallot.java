package voting.load;

import java.util.Arrays;
import java.util.function.IntConsumer;
import java.util.function.IntPredicate;
import voting.load.VoteLog.Attempts;

/**
 * Finds all attempts with the same ballot id: a hash table of numbers, because millions of attempts as objects would
 * not fit beside the load generator.
 */
final class AttemptsByBallot {

    static final int NONE = -1;

    private final Attempts attempts;

    /** By hash: the newest attempt of a ballot. At most half of it is in use. */
    private final int[] newest;

    /** By attempt: the one before it with the same ballot id. */
    private final int[] previous;

    AttemptsByBallot(Attempts attempts) {
        this.attempts = attempts;
        this.newest = new int[Math.max(16, Integer.highestOneBit(Math.max(1, attempts.size())) << 2)];
        this.previous = new int[attempts.size()];
        Arrays.fill(newest, NONE);
        for (int attempt = 0; attempt < attempts.size(); attempt++) {
            var slot = slot(attempts.high(attempt), attempts.low(attempt));
            previous[attempt] = newest[slot];
            newest[slot] = attempt;
        }
    }

    /** The newest attempt with this id, which stands for the ballot, or {@link #NONE}. */
    int find(long high, long low) {
        return newest[slot(high, low)];
    }

    /** The newest attempt of each ballot. */
    void forEachBallot(IntConsumer reader) {
        for (var attempt : newest) {
            if (attempt != NONE) {
                reader.accept(attempt);
            }
        }
    }

    /** Whether some attempt of the ballot, given by its newest, is such. */
    boolean any(int newestAttempt, IntPredicate predicate) {
        for (var attempt = newestAttempt; attempt != NONE; attempt = previous[attempt]) {
            if (predicate.test(attempt)) {
                return true;
            }
        }
        return false;
    }

    /** All attempts of the ballot, given by its newest: from the last recorded to the first. */
    void forEach(int newestAttempt, IntConsumer reader) {
        for (var attempt = newestAttempt; attempt != NONE; attempt = previous[attempt]) {
            reader.accept(attempt);
        }
    }

    /** Where the ballot is, or would be. */
    private int slot(long high, long low) {
        var mask = newest.length - 1;
        var slot = (int) ((high ^ low) * 0x9E3779B97F4A7C15L >>> 32) & mask;
        while (newest[slot] != NONE && (attempts.high(newest[slot]) != high || attempts.low(newest[slot]) != low)) {
            slot = slot + 1 & mask;
        }
        return slot;
    }
}
