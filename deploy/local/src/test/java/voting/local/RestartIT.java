package voting.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class RestartIT {

    @Test
    void votesSurviveARestartOfEverythingOnTheSameDataDirectory() throws Exception {
        var data = SharedSystem.emptyDirectory("restart");
        Voter changesMind;
        Voter keeps;
        try (var system = LocalSystem.started(SharedSystem.settings(data))) {
            changesMind = Voter.of(system);
            keeps = Voter.of(system);
            changesMind.choose("cats");
            // Not waited for: what has not been counted yet must survive in Redis.
            keeps.choose("cats");
        }
        try (var system = LocalSystem.started(SharedSystem.settings(data))) {
            var outcome = new Outcome(system);
            outcome.becomes(Map.of(changesMind.id(), "cats", keeps.id(), "cats"));

            new Voter(changesMind.id(), system.vote().uri()).choose("dogs");

            outcome.becomes(Map.of(changesMind.id(), "dogs", keeps.id(), "cats"));
            assertThat(outcome.shown()).isEqualTo(Map.of("cats", 1L, "dogs", 1L));
        }
    }
}
