package voting.vote;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.springframework.stereotype.Component;

/** Counts what became of votes. All counters are there from the start, at zero. For any thread. */
@Component
class VoteCounters {

    /** Why a vote was answered with an error. */
    enum Refusal {
        INVALID,
        FOREIGN,
        TOO_LARGE,
        CLOSED,
        QUEUE_FULL,
        NOT_CONFIRMED
    }

    private final Map<String, Counter> accepted = new HashMap<>();
    private final Map<Refusal, Counter> refused = new EnumMap<>(Refusal.class);

    VoteCounters(VoteSettings settings, MeterRegistry metrics) {
        for (var option : settings.poll().options().all()) {
            accepted.put(
                    option.id(),
                    Counter.builder("votes.accepted")
                            .description("Votes confirmed by Redis")
                            .tag("option", option.id())
                            .register(metrics));
        }
        for (var refusal : Refusal.values()) {
            refused.put(
                    refusal,
                    Counter.builder("votes.refused")
                            .description("Votes that were answered with an error")
                            .tag("reason", refusal.name().toLowerCase(Locale.ROOT))
                            .register(metrics));
        }
    }

    void accepted(String optionId) {
        accepted.get(optionId).increment();
    }

    void refused(Refusal refusal) {
        refused.get(refusal).increment();
    }
}
