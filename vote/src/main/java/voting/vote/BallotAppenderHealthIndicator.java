package voting.vote;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

/** Part of readiness: whether a vote can be accepted now, from the outcome of the last write to Redis. */
@Component
class BallotAppenderHealthIndicator implements HealthIndicator {

    private final BallotAppender appender;

    BallotAppenderHealthIndicator(BallotAppender appender) {
        this.appender = appender;
    }

    @Override
    public Health health() {
        var outage = appender.outage();
        if (outage == null) {
            return Health.up().build();
        }
        return Health.down()
                .withDetail("since", outage.since().toString())
                .withDetail("reason", outage.reason())
                .build();
    }
}
