package voting.result;

import java.time.Duration;
import java.time.Instant;

/**
 * How far the poll's end is.
 *
 * @param phase part of the name of the message that tells it
 * @param refreshAfterMillis when an open page is to ask again; null when nothing will change
 */
record Closing(String phase, Long refreshAfterMillis) {

    /** What vote accepts in the last moment is confirmed, and seen by a worker, and published, well within this time. */
    private static final Duration ON_THE_WAY = Duration.ofSeconds(5);

    /** While the last ballots are counted; as often as the page without script. Thousands may have it open. */
    private static final long REFRESH_MILLIS = 5_000;

    /** Null when the poll stays open. Final is the outcome only once a worker says that nothing waits any more. */
    static Closing of(Instant closes, Pipeline pipeline, Instant now) {
        if (closes == null) {
            return null;
        }
        if (now.isBefore(closes)) {
            return new Closing("open", Duration.between(now, closes).toMillis());
        }
        var waiting = pipeline.waitingInAll();
        var isFinal = now.isAfter(closes.plus(ON_THE_WAY)) && waiting != null && waiting == 0;
        return isFinal ? new Closing("final", null) : new Closing("counting", REFRESH_MILLIS);
    }
}
