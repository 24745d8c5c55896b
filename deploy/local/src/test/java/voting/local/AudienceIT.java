package voting.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Simulated voters vote once each, change their minds, and sit out what a presenter breaks. */
class AudienceIT {

    private static final int SIZE = 20;

    /** Shorter than in a demo: ten votes a second. */
    private static final Duration HESITATION = Duration.ofSeconds(2);

    private final LocalSystem system = SharedSystem.get();
    private final Outcome outcome = new Outcome(system);
    private Audience audience;

    @AfterEach
    void clear() throws SQLException {
        if (audience != null) {
            audience.close();
        }
        if (!system.vote().isRunning()) {
            system.vote().start();
        }
        system.vote().awaitReady();
        await().until(new Streams(system)::areDrained);
        outcome.clear();
    }

    @Test
    void everyoneHasOneVoteAndSomeChangeIt() throws SQLException {
        begin();
        await().atMost(Duration.ofMinutes(1)).until(() -> outcome.ballots().size() == SIZE);
        await().atMost(Duration.ofMinutes(1)).until(() -> outcome.acceptedBallots() > SIZE);
        await().atMost(Duration.ofMinutes(1))
                .until(() -> outcome.tally().keySet().equals(Set.of("cats", "dogs"))); // fashions come and go
        audience.close();
        await().until(new Streams(system)::areDrained);

        assertThat(outcome.ballots()).hasSize(SIZE);
        assertThat(outcome.tally()).isEqualTo(outcome.recount());
        assertThat(outcome.count("rejected_entry")).isZero();
    }

    @Test
    void itGoesOnWhenVoteIsBack() throws SQLException {
        begin();
        await().until(() -> outcome.acceptedBallots() > 0);
        system.vote().stop();
        var before = outcome.acceptedBallots();
        system.vote().start();

        await().atMost(Duration.ofMinutes(1)).until(() -> outcome.acceptedBallots() > before + SIZE);
    }

    @Test
    void itsSizeIsANumber() {
        assertThat(Audience.size(Map.of())).isZero();
        assertThat(Audience.size(Map.of("AUDIENCE", "200"))).isEqualTo(200);
        assertThatThrownBy(() -> Audience.size(Map.of("AUDIENCE", "many")))
                .isInstanceOf(LaunchException.class)
                .hasMessage("AUDIENCE must be a number of voters from 0 to 9999, not \"many\".");
    }

    private void begin() {
        audience = new Audience(system.vote().uri(), SIZE, HESITATION);
    }
}
