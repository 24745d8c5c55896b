package voting.result;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.List;
import java.util.Locale;

/**
 * The way of a ballot from vote to the viewers at one moment, as the event {@code pipeline} gives it. Null is what cannot
 * be known: result sees Redis through the eyes of the workers only, and the workers through Postgres.
 *
 * @param workers how many were seen just now
 * @param waiting entries of each stream; null when no worker tells
 * @param oldestAgeMillis how long the oldest of them has waited; null when there is none, or none is known
 * @param countedToday ballots, changed votes included, that were accepted since midnight (UTC) and are counted
 * @param acceptedToday the same and those that wait; null when no worker tells
 * @param votes the total of the tally
 * @param viewers of the live results, at this instance of result
 */
record Pipeline(
        State state,
        Integer workers,
        List<Long> waiting,
        Long oldestAgeMillis,
        Long countedToday,
        Long acceptedToday,
        Long votes,
        int viewers) {

    static final Pipeline UNKNOWN = new Pipeline(State.UNREACHABLE, null, null, null, null, null, null, 0);

    enum State {
        /** A worker drains. */
        FLOWING,
        /** There are workers, and none of them can drain. */
        BLOCKED,
        /** No worker was seen of late. */
        STOPPED,
        /** Postgres cannot be read. */
        UNREACHABLE;

        /** As programs and the page read it. */
        @JsonValue
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What is counted stays known; what others would have to tell does not. */
    Pipeline unreachable() {
        return new Pipeline(State.UNREACHABLE, null, null, null, countedToday, null, votes, viewers);
    }

    // Public for the page's template.

    public Long waitingInAll() {
        return waiting == null
                ? null
                : waiting.stream().mapToLong(Long::longValue).sum();
    }

    /** Whole seconds, as nobody reads faster. */
    public Long oldestAgeSeconds() {
        return oldestAgeMillis == null ? null : oldestAgeMillis / 1_000;
    }
}
