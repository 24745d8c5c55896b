package voting.result;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Percentages that add up to 100, and the votes of the recent past. */
class TallyTest {

    private static final Instant NOW = Instant.parse("2026-11-21T12:34:56Z");

    @ParameterizedTest(name = "{0} votes are {1} percent")
    @CsvSource({
        "0 0,           0 0",
        "1 0,           100 0",
        "1 1,           50 50",
        "1 2,           33 67",
        "2 1,           67 33",
        "1 1 1,         34 33 33", // the first of equals
        "1 1 1 1 1 1,   17 17 17 17 16 16",
        "2 2 3,         29 28 43", // 28.57 28.57 42.86: two to give, to 42.86 first
        "1 999,         0 100",
        "5 995,         1 99", // 0.5 99.5: the first of equals
        "4 996,         0 100",
        "47 16 37,      47 16 37",
        "5000000000 5000000000, 50 50"
    })
    void missingPercentsGoToThoseWhoLostMostByRounding(String votes, String percents) {
        assertThat(percents(numbers(votes)).stream().map(String::valueOf).collect(Collectors.joining(" ")))
                .isEqualTo(percents);
    }

    @Test
    void percentsAlwaysAddUpToOneHundredAndAreLessThanOneAwayFromTheTruth() {
        var random = new Random(42);
        for (int i = 0; i < 20_000; i++) {
            var bound = 1L << random.nextInt(1, 40);
            var votes = random.longs(random.nextInt(2, 11), 0, bound).boxed().toList();
            var total = votes.stream().mapToLong(Long::longValue).sum();

            var percents = percents(votes);

            assertThat(percents.stream().mapToInt(Integer::intValue).sum())
                    .as("%s", votes)
                    .isEqualTo(total == 0 ? 0 : 100);
            for (int option = 0; option < votes.size() && total > 0; option++) {
                assertThat(Math.abs(percents.get(option) - 100.0 * votes.get(option) / total))
                        .as("%s", votes)
                        .isLessThan(1);
            }
        }
    }

    @Test
    void choiceThatIsNoOptionOfThePollIsNotCounted() {
        var tally = Tally.of(poll(2), Map.of("0", 3L, "1", 1L, "removed", 100L), NOW);

        assertThat(tally.total()).isEqualTo(4);
        assertThat(tally.options()).extracting(Tally.Option::percent).containsExactly(75, 25);
    }

    @Test
    void tableForSpreadsheetsIsTheSameWhereDigitsAreOthers() {
        var usual = Locale.getDefault();
        Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
        try {
            assertThat(Tally.of(poll(2), Map.of("0", 1_234L), NOW).csv())
                    .isEqualTo("id,label,votes,percent\r\n0,\"Option 0\",1234,100\r\n1,\"Option 1\",0,0\r\n");
        } finally {
            Locale.setDefault(usual);
        }
    }

    @Test
    void activityIsTheLastThirtyMinutesOldestFirst() {
        var activity = Activity.of(
                Map.of(
                        Instant.parse("2026-11-21T12:34:00Z"), 7L,
                        Instant.parse("2026-11-21T12:33:00Z"), 6L,
                        Instant.parse("2026-11-21T12:05:00Z"), 5L,
                        Instant.parse("2026-11-21T12:04:00Z"), 4L),
                NOW);

        assertThat(activity.until()).isEqualTo("2026-11-21T12:34:00Z");
        assertThat(activity.votesPerMinute()).hasSize(30).startsWith(5L, 0L).endsWith(0L, 6L, 7L);
    }

    private static List<Integer> percents(List<Long> votes) {
        var byOption = new HashMap<String, Long>();
        for (int i = 0; i < votes.size(); i++) {
            byOption.put(String.valueOf(i), votes.get(i));
        }
        return Tally.of(poll(votes.size()), byOption, NOW).options().stream()
                .map(Tally.Option::percent)
                .toList();
    }

    private static ResultSettings.Poll poll(int options) {
        return new ResultSettings.Poll(
                "Which?",
                new ResultSettings.Options(IntStream.range(0, options)
                        .mapToObj(i -> new ResultSettings.Option(String.valueOf(i), "Option " + i))
                        .toList()),
                null,
                "");
    }

    private static List<Long> numbers(String text) {
        return List.of(text.split(" ")).stream().map(Long::valueOf).toList();
    }
}
