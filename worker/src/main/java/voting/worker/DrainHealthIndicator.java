package voting.worker;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Profile;
import org.springframework.stereotype.Component;

/** Part of readiness: whether this worker can drain, from the outcome of its last step. */
@Component
@Profile("!beat")
class DrainHealthIndicator implements HealthIndicator {

    private final DrainLoop drainLoop;

    DrainHealthIndicator(DrainLoop drainLoop) {
        this.drainLoop = drainLoop;
    }

    @Override
    public Health health() {
        var failingSince = drainLoop.failingSince();
        if (failingSince == null) {
            return Health.up().build();
        }
        return Health.down()
                .withDetail("since", failingSince.toString())
                .withDetail("reason", drainLoop.failure())
                .build();
    }
}
