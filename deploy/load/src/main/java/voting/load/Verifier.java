package voting.load;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import voting.load.VoteLog.Attempts;
import voting.load.VoteLog.Outcome;

/**
 * Compares what voters were told with what was counted. To be used when nobody votes any more.
 *
 * <p>Each voter has one ballot (the mode {@code one-vote-per-browser}). What is owed to them is the choice of their last
 * acknowledged attempt. An unconfirmed attempt may or may not have been stored, at any later time; the voter was told
 * so. The order of attempts that overlapped in time is not known.
 */
public final class Verifier {

    /** Enough to find a cause; more would hide it. */
    private static final int EXAMPLES = 20;

    private final Attempts attempts;
    private final AttemptsByBallot byBallot;

    /** By the newest attempt of a ballot: whether the ballot is stored. */
    private final BitSet stored = new BitSet();

    private final Map<String, Long> recount = new HashMap<>();
    private final List<String> examples = new ArrayList<>();
    private long ballots;
    private long lost;
    private long doubled;
    private long phantom;
    private long wrongChoice;
    private long supersededByLater;
    private long supersededByEarlier;
    private long unconfirmedOnly;
    private long poisonMissing;
    private long rejectedUnexpected;

    private Verifier(VoteLog log) {
        attempts = log.attempts();
        byBallot = new AttemptsByBallot(attempts);
    }

    /** @param poison everything that was put into the streams on purpose and cannot be a ballot */
    public static Verdict verify(VoteLog log, Stored stored, List<Poison> poison) {
        return new Verifier(log).compare(stored, poison);
    }

    private Verdict compare(Stored end, List<Poison> poison) {
        end.ballots().forEach(this::judge);
        byBallot.forEachBallot(this::judgeIfMissing);
        judgeRejected(end.rejected(), poison);
        var undrained =
                end.remaining().values().stream().mapToLong(Long::longValue).sum();
        return new Verdict(
                ballots,
                lost,
                doubled,
                phantom,
                wrongChoice,
                supersededByLater,
                supersededByEarlier,
                unconfirmedOnly,
                difference(end.tally(), recount),
                difference(end.shown(), end.tally()),
                end.shownTotal() - ballots,
                poisonMissing,
                rejectedUnexpected,
                undrained,
                List.copyOf(examples));
    }

    /** A ballot that is stored. */
    private void judge(UUID ballotId, String choice) {
        ballots++;
        recount.merge(choice, 1L, Long::sum);
        var ballot = byBallot.find(ballotId.getMostSignificantBits(), ballotId.getLeastSignificantBits());
        if (ballot == AttemptsByBallot.NONE) {
            phantom++;
            example("Nobody sent the ballot %s, stored with %s.".formatted(ballotId, choice));
            return;
        }
        if (stored.get(ballot)) {
            doubled++;
            example("Stored more than once", ballot, choice);
            return;
        }
        stored.set(ballot);
        judgeChoice(ballot, choice);
    }

    private void judgeChoice(int ballot, String choice) {
        var lastStart = lastAcknowledgedStart(ballot);
        if (lastStart != null
                && byBallot.any(
                        ballot,
                        attempt -> isAcknowledged(attempt, choice) && attempts.ended(attempt) - lastStart >= 0)) {
            return; // what was owed
        }
        if (byBallot.any(ballot, attempt -> isUnconfirmed(attempt, choice))) {
            countUnconfirmed(ballot, choice, lastStart);
            return;
        }
        if (byBallot.any(ballot, attempt -> isAcknowledged(attempt, choice))) {
            wrongChoice++;
            example("Stored with a choice that a later acknowledged one had replaced", ballot, choice);
            return;
        }
        phantom++;
        example("Stored with a choice that was refused or never sent", ballot, choice);
    }

    private void countUnconfirmed(int ballot, String choice, Long lastStart) {
        if (lastStart == null) {
            unconfirmedOnly++;
        } else if (byBallot.any(
                ballot, attempt -> isUnconfirmed(attempt, choice) && attempts.started(attempt) - lastStart > 0)) {
            supersededByLater++;
        } else {
            supersededByEarlier++;
        }
    }

    /**
     * When the last acknowledged attempt began: one that had been acknowledged before that moment is certainly not the
     * last. Null when none was acknowledged.
     */
    private Long lastAcknowledgedStart(int ballot) {
        var last = new Long[1];
        byBallot.forEach(ballot, attempt -> {
            if (attempts.outcome(attempt) == Outcome.ACKNOWLEDGED
                    && (last[0] == null || attempts.started(attempt) - last[0] > 0)) {
                last[0] = attempts.started(attempt);
            }
        });
        return last[0];
    }

    private void judgeIfMissing(int ballot) {
        if (!stored.get(ballot) && byBallot.any(ballot, attempt -> attempts.outcome(attempt) == Outcome.ACKNOWLEDGED)) {
            lost++;
            example("Acknowledged, but not stored", ballot, "nothing");
        }
    }

    private void judgeRejected(List<List<String>> rejected, List<Poison> poison) {
        var expected = poison.stream().collect(Collectors.toMap(Poison::fields, entry -> entry));
        for (var fields : rejected) {
            if (expected.remove(fields) == null) {
                rejectedUnexpected++;
                example("Nobody put the rejected entry %s there, or not twice.".formatted(fields));
            }
        }
        for (var missing : expected.values()) {
            if (missing.confirmed()) {
                poisonMissing++;
                example("The entry %s should have been kept as rejected.".formatted(missing.fields()));
            }
        }
    }

    private boolean isAcknowledged(int attempt, String choice) {
        return attempts.outcome(attempt) == Outcome.ACKNOWLEDGED
                && attempts.choice(attempt).equals(choice);
    }

    private boolean isUnconfirmed(int attempt, String choice) {
        return attempts.outcome(attempt) == Outcome.UNCONFIRMED
                && attempts.choice(attempt).equals(choice);
    }

    /** Per option, without those that are equal. */
    private static Map<String, Long> difference(Map<String, Long> these, Map<String, Long> those) {
        var options = new TreeSet<>(these.keySet());
        options.addAll(those.keySet());
        var difference = new TreeMap<String, Long>();
        for (var option : options) {
            var votes = these.getOrDefault(option, 0L) - those.getOrDefault(option, 0L);
            if (votes != 0) {
                difference.put(option, votes);
            }
        }
        return difference;
    }

    private void example(String what, int ballot, String choice) {
        if (examples.size() == EXAMPLES) {
            return;
        }
        var inOrder = new ArrayList<Integer>();
        byBallot.forEach(ballot, inOrder::add);
        var first = inOrder.stream()
                .min((one, other) -> Long.signum(attempts.started(one) - attempts.started(other)))
                .orElseThrow();
        var history = inOrder.reversed().stream()
                .map(attempt -> "%s %s from %d to %d ms"
                        .formatted(
                                attempts.outcome(attempt).name().toLowerCase(),
                                attempts.choice(attempt),
                                millisBetween(attempts.started(first), attempts.started(attempt)),
                                millisBetween(attempts.started(first), attempts.ended(attempt))))
                .collect(Collectors.joining(", "));
        example("%s: %s has %s, its attempts were: %s.".formatted(what, attempts.ballotId(ballot), choice, history));
    }

    private static long millisBetween(long startNanos, long endNanos) {
        return (endNanos - startNanos) / 1_000_000;
    }

    private void example(String what) {
        if (examples.size() < EXAMPLES) {
            examples.add(what);
        }
    }
}
