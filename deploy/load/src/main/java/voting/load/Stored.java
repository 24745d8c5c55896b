package voting.load;

import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.BiConsumer;

/**
 * The end state of the system: what was counted, in each of the forms in which it is kept and shown.
 *
 * @param ballots each stored ballot: its id and its choice
 * @param tally votes per option, as the worker added them up
 * @param shown votes per option, as {@code /api/results} gives them
 * @param shownTotal the total that it gives
 * @param rejected the fields of each entry that could not be a ballot, names and values in turn, as {@link Poison#text}
 * @param remaining entries left in each stream; empty when that cannot be seen
 */
public record Stored(
        Ballots ballots,
        Map<String, Long> tally,
        Map<String, Long> shown,
        long shownTotal,
        List<List<String>> rejected,
        Map<String, Long> remaining) {

    /** Gives the ballots one by one: there may be millions. */
    @FunctionalInterface
    public interface Ballots {
        void forEach(BiConsumer<UUID, String> reader);
    }
}
