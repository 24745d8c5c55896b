package voting.result;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The outcome at one moment, as {@code /api/results} and the event {@code tally} give it.
 *
 * @param asOf when it was read from Postgres
 * @param poll its {@link ResultSettings.Poll#fingerprint}
 */
record Tally(String question, List<Option> options, long total, Instant asOf, String poll) {

    /** @param percent of the total, rounded so that all add up to 100; 0 while there are no votes */
    record Option(String id, String label, long votes, int percent) {}

    static Tally of(ResultSettings.Poll poll, Map<String, Long> votesByOption, Instant asOf) {
        var options = poll.options().all();
        var votes = options.stream()
                .map(option -> votesByOption.getOrDefault(option.id(), 0L))
                .toList();
        var percents = percents(votes);
        var counted = new ArrayList<Option>(options.size());
        for (int i = 0; i < options.size(); i++) {
            var option = options.get(i);
            counted.add(new Option(option.id(), option.label(), votes.get(i), percents[i]));
        }
        return new Tally(poll.question(), List.copyOf(counted), sum(votes), asOf, poll.fingerprint());
    }

    /** For spreadsheets, as RFC 4180 has it. */
    String csv() {
        return options.stream()
                .map(option -> String.format(
                        Locale.ROOT,
                        "%s,\"%s\",%d,%d\r\n",
                        option.id,
                        option.label.replace("\"", "\"\""),
                        option.votes,
                        option.percent))
                .collect(Collectors.joining("", "id,label,votes,percent\r\n", ""));
    }

    boolean hasSameVotesAs(Tally other) {
        return other != null && options.equals(other.options);
    }

    /** Largest remainder method: round down, then give what is missing to those who lost most by it. */
    private static int[] percents(List<Long> votes) {
        var percents = new int[votes.size()];
        var total = sum(votes);
        if (total <= 0) {
            return percents;
        }
        for (int i = 0; i < percents.length; i++) {
            percents[i] = (int) (votes.get(i) * 100 / total);
        }
        var missing = 100 - IntStream.of(percents).sum();
        IntStream.range(0, percents.length)
                .boxed()
                .sorted(Comparator.comparingLong(i -> -(votes.get(i) * 100 % total)))
                .limit(missing)
                .forEach(i -> percents[i]++);
        return percents;
    }

    private static long sum(List<Long> votes) {
        return votes.stream().mapToLong(Long::longValue).sum();
    }
}
