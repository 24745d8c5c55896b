package voting.load;

import java.util.List;
import java.util.Map;

/**
 * How what was counted compares with what voters were told. All numbers are ballots, unless said otherwise.
 *
 * @param ballots stored
 * @param lost acknowledged, but not stored
 * @param doubled stored more than once
 * @param phantom stored, but never sent; or stored with a choice that was never sent
 * @param wrongChoice stored with a choice that a later acknowledged one had replaced
 * @param supersededByLater allowed: stored with the choice of an unconfirmed attempt that began after the last
 *     acknowledged one
 * @param supersededByEarlier allowed: the same with an attempt that began before it, and reached the stream after it
 * @param unconfirmedOnly allowed: stored, though no attempt was acknowledged
 * @param tallyDrift per option, the tally minus the recount of the ballots; without those that agree
 * @param resultDrift per option, what the result service shows minus the tally; without those that agree
 * @param resultTotalDrift the total that the result service shows minus that of the recount
 * @param poisonMissing entries put into a stream on purpose that were not kept as rejected
 * @param rejectedUnexpected entries kept as rejected, or kept twice, that nobody put there
 * @param undrained entries left in the streams
 * @param examples some of what is wrong, in words
 */
public record Verdict(
        long ballots,
        long lost,
        long doubled,
        long phantom,
        long wrongChoice,
        long supersededByLater,
        long supersededByEarlier,
        long unconfirmedOnly,
        Map<String, Long> tallyDrift,
        Map<String, Long> resultDrift,
        long resultTotalDrift,
        long poisonMissing,
        long rejectedUnexpected,
        long undrained,
        List<String> examples) {

    /** Whether the promise was kept. */
    public boolean passed() {
        return lost == 0
                && doubled == 0
                && phantom == 0
                && wrongChoice == 0
                && tallyDrift.isEmpty()
                && resultDrift.isEmpty()
                && resultTotalDrift == 0
                && poisonMissing == 0
                && rejectedUnexpected == 0
                && undrained == 0;
    }
}
