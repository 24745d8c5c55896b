package voting.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.EnumSet;
import org.junit.jupiter.api.Test;
import voting.chaos.Fault.Kind;

/** A short campaign, always the same one. {@code make chaos} runs longer ones. */
class ChaosIT {

    /** With this one the faults hold every kind and strike every target, and none lasts long. */
    private static final long SEED = 6793;

    private static final int FAULTS = 40;
    private static final Duration DURATION = Duration.ofSeconds(22);
    private static final Path DIRECTORY = Path.of("target", "chaos-it");

    @Test
    void whateverStrikesEveryAcknowledgedVoteIsCountedOnceAndNothingElseIs() throws Exception {
        try (var stage = new LocalStage(DIRECTORY.resolve("campaign"), Chaos.VARIABLES)) {
            var schedule = Schedule.of(SEED, FAULTS, DURATION, ChaosIT::isPossibleEverywhere);
            assertThat(schedule).extracting(Fault::kind).contains(Kind.values());
            assertThat(schedule).extracting(Fault::target).containsAll(EnumSet.complementOf(EnumSet.of(Target.NGINX)));

            var campaign = new Campaign(stage, SEED, schedule);
            var report = campaign.run();

            report.writeTo(DIRECTORY);
            assertThat(report.problems()).isEmpty();
            assertThat(report.acknowledged()).isPositive();

            // And it would have been noticed.
            loseOneBallot(stage);
            assertThat(campaign.verify().passed()).isFalse();
        }
    }

    /** A full volume takes root, nginx takes Docker. */
    private static boolean isPossibleEverywhere(Kind kind, Target target) {
        return target != Target.NGINX && (kind != Kind.FULL || target == Target.REDIS);
    }

    private static void loseOneBallot(Stage stage) throws SQLException {
        var stored = stage.stored();
        try (var connection = DriverManager.getConnection(stored.jdbcUrl(), stored.user(), stored.password());
                var statement = connection.createStatement()) {
            assertThat(statement.executeUpdate(
                            "delete from ballot where id = (select min(id::text)::uuid from ballot)"))
                    .isEqualTo(1);
        }
    }
}
