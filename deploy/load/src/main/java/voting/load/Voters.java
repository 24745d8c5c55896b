package voting.load;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;

/**
 * The voters of a run, and what each chose last. The same seed gives the same voters and the same choices; a voter is a
 * number, from which the id is computed, so that millions of them take a byte each.
 */
final class Voters {

    /** The step of SplittableRandom: numbers in a row give ids that share nothing. */
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private final List<String> options;
    private final long seed;
    private final SplittableRandom random;
    private byte[] lastChoice = new byte[1 << 16];
    private int count;

    Voters(List<String> options, long seed) {
        this.options = options;
        this.seed = seed;
        this.random = new SplittableRandom(seed);
    }

    record Vote(UUID ballotId, String choice) {}

    /** The first vote of somebody new. */
    Vote first() {
        if (count == lastChoice.length) {
            lastChoice = Arrays.copyOf(lastChoice, 2 * count);
        }
        return choose(count++, random.nextInt(options.size()));
    }

    int count() {
        return count;
    }

    /** Somebody who has voted before takes another option. */
    Vote changed() {
        var voter = random.nextInt(count);
        return choose(voter, (lastChoice[voter] + 1 + random.nextInt(options.size() - 1)) % options.size());
    }

    private Vote choose(int voter, int option) {
        lastChoice[voter] = (byte) option;
        return new Vote(id(voter), options.get(option));
    }

    /** As browsers are given them: random, version 4. */
    private UUID id(int voter) {
        var high = mix(seed + (2L * voter + 1) * GOLDEN);
        var low = mix(seed + (2L * voter + 2) * GOLDEN);
        return new UUID(high & ~0xF000L | 0x4000L, low & Long.MAX_VALUE >>> 1 | Long.MIN_VALUE);
    }

    /** Stafford's variant 13, as in SplittableRandom: each bit of the input changes half of the output. */
    private static long mix(long bits) {
        var z = (bits ^ bits >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }
}
