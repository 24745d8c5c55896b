package voting.load;

import java.util.List;

/**
 * Whether the votes of all runs were counted as the voters were told.
 *
 * @param complete whether each ballot was compared; otherwise the totals alone were
 * @param verdict of the comparison ballot by ballot; null when it was not complete
 * @param summary in words
 */
record Verification(boolean complete, boolean passed, Verdict verdict, String summary, List<String> examples) {

    static Verification of(Verdict verdict, long acknowledged) {
        return new Verification(
                true,
                verdict.passed(),
                verdict,
                ("%,d ballots stored; of %,d acknowledged votes: lost %d, doubled %d, phantom %d, wrong choice %d; "
                                + "drift of tally %s and result %s; rejected %d; left in streams %d; counted though"
                                + " unconfirmed (allowed) %d")
                        .formatted(
                                verdict.ballots(),
                                acknowledged,
                                verdict.lost(),
                                verdict.doubled(),
                                verdict.phantom(),
                                verdict.wrongChoice(),
                                verdict.tallyDrift(),
                                verdict.resultDrift(),
                                verdict.rejectedUnexpected(),
                                verdict.undrained(),
                                verdict.unconfirmedOnly()
                                        + verdict.supersededByLater()
                                        + verdict.supersededByEarlier()),
                verdict.examples());
    }

    /** Without Postgres: no fewer new voters than were acknowledged, and no more than have tried. */
    static Verification ofTotals(long counted, long acknowledged, long tried) {
        return new Verification(
                false,
                counted >= acknowledged && counted <= tried,
                null,
                "partially verified, by the totals of the result service alone: %,d new voters were acknowledged, %,d counted"
                        .formatted(acknowledged, counted),
                List.of());
    }
}
