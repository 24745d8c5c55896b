package voting.load;

import static org.assertj.core.api.Assertions.assertThat;
import static voting.load.VoteLog.Outcome.ACKNOWLEDGED;
import static voting.load.VoteLog.Outcome.REFUSED;
import static voting.load.VoteLog.Outcome.UNCONFIRMED;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import voting.load.VoteLog.Outcome;

class VerifierTest {

    private static final int VOTERS = 1_000;

    private final VoteLog log = new VoteLog();
    private final Map<UUID, String> ballots = new LinkedHashMap<>();
    private final List<Poison> poison = new ArrayList<>();
    private final List<List<String>> rejected = new ArrayList<>();
    private long clock = Long.MAX_VALUE - 1_000; // System.nanoTime may overflow in the middle of a run

    /** The whole state, derived from the ballots, and put together so that each part can be corrupted by itself. */
    private final Map<String, Long> tally = new TreeMap<>();

    private final Map<String, Long> shown = new TreeMap<>();
    private final Map<String, Long> remaining = new TreeMap<>(Map.of("votes:{0}", 0L, "votes:{1}", 0L));
    private long shownTotal;

    private static UUID id(long number) {
        return new UUID(0x4000L, Long.MIN_VALUE | number);
    }

    private UUID attempt(long voter, String choice, Outcome outcome) {
        log.record(id(voter), choice, ++clock, ++clock, outcome);
        return id(voter);
    }

    private void count() {
        tally.clear();
        shown.clear();
        ballots.values().forEach(choice -> tally.merge(choice, 1L, Long::sum));
        shown.putAll(tally);
        shownTotal = ballots.size();
    }

    private Verdict verdict() {
        return Verifier.verify(
                log, new Stored(ballots::forEach, tally, shown, shownTotal, rejected, remaining), poison);
    }

    @Nested
    class OfOneVoter {

        @Test
        void acknowledgedAndStoredIsAsItShouldBe() {
            ballots.put(attempt(1, "cats", ACKNOWLEDGED), "cats");
            count();

            assertThat(verdict().passed()).isTrue();
            assertThat(verdict().ballots()).isEqualTo(1);
        }

        @Test
        void acknowledgedButNotStoredIsLost() {
            attempt(1, "cats", ACKNOWLEDGED);
            count();

            assertThat(verdict().lost()).isEqualTo(1);
            assertThat(verdict().passed()).isFalse();
            assertThat(verdict().examples()).singleElement().asString().contains(id(1).toString());
        }

        @Test
        void acknowledgedOnceAmongFailuresButNotStoredIsLost() {
            attempt(1, "cats", ACKNOWLEDGED);
            attempt(1, "dogs", UNCONFIRMED);
            attempt(1, "birds", REFUSED);
            count();

            assertThat(verdict().lost()).isEqualTo(1);
        }

        @Test
        void lastAcknowledgedChoiceIsOwed() {
            attempt(1, "dogs", ACKNOWLEDGED);
            ballots.put(attempt(1, "cats", ACKNOWLEDGED), "cats");
            count();

            assertThat(verdict().passed()).isTrue();
        }

        @Test
        void choiceThatWasReplacedIsWrong() {
            ballots.put(attempt(1, "dogs", ACKNOWLEDGED), "dogs");
            attempt(1, "cats", ACKNOWLEDGED);
            count();

            assertThat(verdict().wrongChoice()).isEqualTo(1);
            assertThat(verdict().passed()).isFalse();
        }

        @Test
        void eitherOfTwoOverlappingAcknowledgedChoicesIsOwed() {
            log.record(id(1), "dogs", 10, 30, ACKNOWLEDGED);
            log.record(id(1), "cats", 20, 40, ACKNOWLEDGED);
            ballots.put(id(1), "dogs");
            count();
            assertThat(verdict().passed()).isTrue();

            ballots.put(id(1), "cats");
            count();
            assertThat(verdict().passed()).isTrue();
        }

        @Test
        void orderOfRecordingDoesNotMatter() {
            log.record(id(1), "cats", 20, 40, ACKNOWLEDGED);
            log.record(id(1), "dogs", 5, 10, ACKNOWLEDGED);
            ballots.put(id(1), "dogs");
            count();

            assertThat(verdict().wrongChoice()).isEqualTo(1);
        }

        @Test
        void unconfirmedLaterAttemptThatWasStoredIsReportedNotFailed() {
            attempt(1, "cats", ACKNOWLEDGED);
            ballots.put(attempt(1, "dogs", UNCONFIRMED), "dogs");
            count();

            assertThat(verdict().supersededByLater()).isEqualTo(1);
            assertThat(verdict().supersededByEarlier()).isZero();
            assertThat(verdict().passed()).isTrue();
        }

        @Test
        void unconfirmedEarlierAttemptThatWasStoredLateIsReportedSeparately() {
            ballots.put(attempt(1, "dogs", UNCONFIRMED), "dogs");
            attempt(1, "cats", ACKNOWLEDGED);
            count();

            assertThat(verdict().supersededByEarlier()).isEqualTo(1);
            assertThat(verdict().supersededByLater()).isZero();
            assertThat(verdict().passed()).isTrue();
        }

        @Test
        void unconfirmedAttemptMayBeStoredOrNot() {
            attempt(1, "cats", UNCONFIRMED);
            ballots.put(attempt(2, "cats", UNCONFIRMED), "cats");
            count();

            assertThat(verdict().unconfirmedOnly()).isEqualTo(1);
            assertThat(verdict().passed()).isTrue();
        }

        @Test
        void refusedAttemptThatWasStoredIsPhantom() {
            ballots.put(attempt(1, "cats", REFUSED), "cats");
            count();

            assertThat(verdict().phantom()).isEqualTo(1);
            assertThat(verdict().passed()).isFalse();
        }

        @Test
        void refusedChoiceThatReplacedAnAcknowledgedOneIsPhantom() {
            attempt(1, "cats", ACKNOWLEDGED);
            ballots.put(attempt(1, "dogs", REFUSED), "dogs");
            count();

            assertThat(verdict().phantom()).isEqualTo(1);
        }

        @Test
        void ballotThatIsStoredTwiceIsDoubled() {
            attempt(1, "cats", ACKNOWLEDGED);
            var stored = new Stored(
                    reader -> {
                        reader.accept(id(1), "cats");
                        reader.accept(id(1), "cats");
                    },
                    Map.of("cats", 2L),
                    Map.of("cats", 2L),
                    2,
                    rejected,
                    remaining);

            var verdict = Verifier.verify(log, stored, poison);

            assertThat(verdict.doubled()).isEqualTo(1);
            assertThat(verdict.passed()).isFalse();
        }
    }

    /** A campaign of many voters that went well, and then one record is changed at a random place. */
    @Nested
    class OfACampaign {

        private Random random;

        @BeforeEach
        void everythingAsItShouldBe() {
            random = new Random(4);
            for (int voter = 0; voter < VOTERS; voter++) {
                var choice = random.nextBoolean() ? "cats" : "dogs";
                if (random.nextInt(3) == 0) {
                    attempt(voter, random.nextBoolean() ? "cats" : "dogs", ACKNOWLEDGED);
                }
                ballots.put(attempt(voter, choice, ACKNOWLEDGED), choice);
            }
            for (int i = 0; i < 10; i++) {
                var fields = List.of("ballot_id", "nobody", "number", Integer.toString(i));
                poison.add(new Poison(fields, true));
                rejected.add(fields);
            }
            count();
            assertThat(verdict().passed()).isTrue();
        }

        private UUID anyVoter(int seed) {
            return id(new Random(seed).nextInt(VOTERS));
        }

        @ParameterizedTest
        @ValueSource(ints = {1, 2, 3})
        void droppedBallotIsLost(int seed) {
            ballots.remove(anyVoter(seed));
            count();

            assertThat(verdict().lost()).isEqualTo(1);
            assertThat(verdict().passed()).isFalse();
        }

        @ParameterizedTest
        @ValueSource(ints = {1, 2, 3})
        void flippedChoiceIsFoundEvenWhenTheTallyAgrees(int seed) {
            ballots.compute(anyVoter(seed), (id, choice) -> choice.equals("cats") ? "dogs" : "cats");
            count();

            assertThat(verdict().wrongChoice() + verdict().phantom()).isEqualTo(1);
            assertThat(verdict().passed()).isFalse();
        }

        @Test
        void addedBallotIsPhantom() {
            ballots.put(UUID.randomUUID(), "cats");
            count();

            assertThat(verdict().phantom()).isEqualTo(1);
            assertThat(verdict().passed()).isFalse();
        }

        @ParameterizedTest
        @ValueSource(longs = {-1, 1})
        void tallyThatDiffersFromTheRecountIsDrift(long difference) {
            tally.merge("cats", difference, Long::sum);
            shown.putAll(tally);

            assertThat(verdict().tallyDrift()).isEqualTo(Map.of("cats", difference));
            assertThat(verdict().passed()).isFalse();
        }

        @Test
        void tallyOfAnOptionWithoutBallotsIsDriftUnlessZero() {
            tally.put("birds", 0L);
            assertThat(verdict().passed()).isTrue();

            tally.put("birds", 1L);
            shown.putAll(tally);
            assertThat(verdict().tallyDrift()).isEqualTo(Map.of("birds", 1L));
        }

        @Test
        void resultThatDiffersFromTheTallyIsDrift() {
            shown.merge("dogs", 1L, Long::sum);

            assertThat(verdict().resultDrift()).isEqualTo(Map.of("dogs", 1L));
            assertThat(verdict().passed()).isFalse();
        }

        @Test
        void totalThatDiffersFromTheRecountIsDrift() {
            shownTotal++;

            assertThat(verdict().resultTotalDrift()).isEqualTo(1);
            assertThat(verdict().passed()).isFalse();
        }

        @Test
        void poisonThatWasNotKeptIsMissing() {
            rejected.removeFirst();

            assertThat(verdict().poisonMissing()).isEqualTo(1);
            assertThat(verdict().passed()).isFalse();
        }

        @Test
        void poisonThatRedisDidNotConfirmMayBeKeptOrNot() {
            var fields = List.of("choice", "\u0000", "number", "11");
            poison.add(new Poison(fields, false));
            assertThat(verdict().passed()).isTrue();

            rejected.add(fields);
            assertThat(verdict().passed()).isTrue();
        }

        @Test
        void rejectedEntryThatNobodyPutThereIsUnexpected() {
            rejected.add(List.of("ballot_id", "somebody"));

            assertThat(verdict().rejectedUnexpected()).isEqualTo(1);
            assertThat(verdict().passed()).isFalse();
        }

        @Test
        void poisonKeptTwiceIsUnexpected() {
            rejected.add(rejected.getFirst());

            assertThat(verdict().rejectedUnexpected()).isEqualTo(1);
            assertThat(verdict().passed()).isFalse();
        }

        @Test
        void entryLeftInAStreamIsNoSuccess() {
            remaining.put("votes:{1}", 1L);

            assertThat(verdict().undrained()).isEqualTo(1);
            assertThat(verdict().passed()).isFalse();
        }
    }
}
