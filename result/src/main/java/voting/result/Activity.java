package voting.result;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Votes per minute of the recent past, as the event {@code activity} gives them.
 *
 * @param until start of the current minute, the last of the list
 * @param votesPerMinute oldest first; {@link #MINUTES} of them
 */
record Activity(Instant until, List<Long> votesPerMinute) {

    static final int MINUTES = 30;

    static Activity of(Map<Instant, Long> votesByMinute, Instant now) {
        var until = now.truncatedTo(ChronoUnit.MINUTES);
        var votes = IntStream.range(0, MINUTES)
                .mapToObj(i -> until.minus(Duration.ofMinutes(MINUTES - 1L - i)))
                .map(minute -> votesByMinute.getOrDefault(minute, 0L))
                .toList();
        return new Activity(until, votes);
    }
}
