package voting.result;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

/** Part of readiness: whether the tally can be read, from the outcome of the last read. */
@Component
class TallyHealthIndicator implements HealthIndicator {

    private final TallyWatcher watcher;

    TallyHealthIndicator(TallyWatcher watcher) {
        this.watcher = watcher;
    }

    @Override
    public Health health() {
        var snapshot = watcher.current();
        if (snapshot.unreachableSince() != null) {
            return Health.down()
                    .withDetail("since", snapshot.unreachableSince().toString())
                    .withDetail("reason", watcher.failure())
                    .build();
        }
        return snapshot.tally() == null ? Health.down().build() : Health.up().build();
    }
}
