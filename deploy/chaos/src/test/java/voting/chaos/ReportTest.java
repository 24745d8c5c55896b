package voting.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import voting.chaos.Fault.Kind;
import voting.load.Verdict;

class ReportTest {

    private static final Map<Integer, Integer> DESIGNED = Map.of(303, 7, 202, 2, 503, 1);

    private static Recovery recovery(int number, Kind kind, Target target, long struck, long healed, Long useful) {
        return new Recovery(
                new Fault(number, Duration.ofMillis(struck), kind, target, Duration.ZERO, 0, true),
                Duration.ofMillis(struck),
                Duration.ofMillis(healed),
                Optional.ofNullable(useful).map(Duration::ofMillis));
    }

    private static Report report(
            List<Recovery> recoveries, Map<Integer, Integer> statuses, int stepsBack, boolean settled, long lost) {
        var verdict = new Verdict(9, lost, 0, 0, 0, 0, 0, 0, Map.of(), Map.of(), 0, 0, 0, 0, List.of());
        return new Report(1, 60, 50, recoveries, "", 9, 10, 9, 1, 0, statuses, 0, 5, stepsBack, settled, verdict);
    }

    @Test
    void nothingWrongIsAPass() {
        var report = report(List.of(recovery(1, Kind.KILL, Target.VOTE, 0, 5, 10L)), DESIGNED, 0, true, 0);

        assertThat(report.passed()).isTrue();
        assertThat(report.text()).endsWith("PASSED").contains("CHAOS_SEED=1");
    }

    @Test
    void eachThingThatIsWrongIsAFailureAndSaysSo() {
        var never = recovery(7, Kind.PAUSE, Target.RESULT, 0, 5, null);

        assertThat(report(List.of(never), DESIGNED, 0, true, 0).problems())
                .singleElement()
                .asString()
                .contains("#7 pause result");
        assertThat(report(List.of(), Map.of(500, 1), 0, true, 0).problems())
                .singleElement()
                .asString()
                .contains("500");
        assertThat(report(List.of(), Map.of(400, 1), 0, true, 0).passed()).isFalse();
        assertThat(report(List.of(), DESIGNED, 1, true, 0).passed()).isFalse();
        assertThat(report(List.of(), DESIGNED, 0, false, 0).passed()).isFalse();
        assertThat(report(List.of(), DESIGNED, 0, true, 1).passed()).isFalse();
        assertThat(report(List.of(), DESIGNED, 0, true, 1).text()).endsWith("FAILED");
    }

    @Test
    void recoveriesAreToldFromTheEndOfTheCauseByKindAndTarget() {
        var recoveries = List.of(
                recovery(1, Kind.KILL, Target.VOTE, 0, 100, 300L),
                recovery(2, Kind.KILL, Target.VOTE, 1_000, 1_100, 1_150L),
                recovery(3, Kind.KILL, Target.VOTE, 2_000, 2_100, 3_000L));

        var text = report(recoveries, DESIGNED, 0, true, 0).text();

        assertThat(text).containsPattern("kill +vote +3 +200 +900 +3 +200 +900");
    }

    @Test
    void recoveryDuringAnotherFaultOfWhatItsUseNeedsIsNotAlone() {
        var kill = recovery(1, Kind.KILL, Target.VOTE, 0, 100, 300L);

        assertThat(kill.isDisturbedBy(recovery(2, Kind.PAUSE, Target.REDIS, 200, 400, 500L)))
                .isTrue();
        assertThat(kill.isDisturbedBy(recovery(2, Kind.PAUSE, Target.REDIS, 300, 400, 500L)))
                .isFalse();
        assertThat(kill.isDisturbedBy(recovery(2, Kind.PAUSE, Target.POSTGRES, 200, 400, 500L)))
                .isFalse();
        assertThat(kill.isDisturbedBy(kill)).isFalse();
    }

    @Test
    void writesATextAndAJsonNamedAfterTheSeed(@TempDir Path directory) throws Exception {
        report(List.of(recovery(1, Kind.KILL, Target.VOTE, 0, 5, 10L)), DESIGNED, 0, true, 0)
                .writeTo(directory);

        assertThat(Files.readString(directory.resolve("chaos-1.txt"))).endsWith("PASSED");
        assertThat(Files.readString(directory.resolve("chaos-1.json")))
                .contains("\"lost\" : 0")
                .contains("\"recoveries\"");
    }
}
