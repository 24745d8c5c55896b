package voting.worker;

import java.time.Duration;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whether drainers that work on the same streams can drain; logs an outage at its two edges. For any thread. */
final class DrainOutage {

    private static final Logger log = LoggerFactory.getLogger(DrainLoop.class);

    private final String streams;
    private Instant since = Instant.now();
    private String reason = "starting";
    private int failures;
    private boolean logged;

    /** @param streams which ones, as the log calls them; empty for all */
    DrainOutage(String streams) {
        this.streams = streams;
    }

    /** Since when nothing can be drained, or null when the last step went well. */
    synchronized Instant since() {
        return since;
    }

    /** Only meaningful while {@link #since} is not null. */
    synchronized String reason() {
        return reason;
    }

    synchronized int failures() {
        return failures;
    }

    /** A step, its wait for entries included, during which another drainer failed does not end that outage. */
    synchronized void noteSuccess(int failuresBefore) {
        if (since != null && failures == failuresBefore) {
            log.info("Draining{}, after {}.", streams, Duration.between(since, Instant.now()));
            since = null;
            logged = false;
        }
    }

    synchronized void noteFailure(String store, Throwable e) {
        failures++;
        reason = store + ": " + PostgresSettings.reason(e); // not the pool's "timed out"
        if (since == null) {
            since = Instant.now();
        }
        if (!logged) {
            log.warn("Cannot drain{}. {}. Ballots wait in Redis. Will keep trying.", streams, reason);
            logged = true;
        }
    }
}
