package voting.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import voting.chaos.Fault.Kind;

class ScheduleTest {

    private static final Duration DURATION = Duration.ofMinutes(3);
    private static final int FAULTS = 3 * Chaos.FAULTS_PER_MINUTE;

    private static List<Fault> schedule(long seed) {
        return Schedule.of(seed, FAULTS, DURATION, (kind, target) -> true);
    }

    @Test
    void sameSeedGivesTheSameFaults() {
        assertThat(schedule(1)).isEqualTo(schedule(1)).isNotEqualTo(schedule(2));
    }

    @Test
    void threeMinutesHoldTwoHundredFaultsOfEveryKindAndEveryTarget() {
        assertThat(schedule(1)).hasSizeGreaterThanOrEqualTo(200);
        assertThat(schedule(1)).extracting(Fault::kind).contains(Kind.values());
        assertThat(schedule(1)).extracting(Fault::target).contains(Target.values());
    }

    @Test
    void faultsComeOneAfterAnotherWithinTheDuration() {
        assertThat(schedule(1)).extracting(Fault::at).isSorted().allMatch(at -> at.compareTo(DURATION) < 0);
    }

    @Test
    void pausesLastFromAMomentToLongerThanAnyTimeout() {
        var pauses = schedule(1).stream()
                .filter(fault -> fault.kind() == Kind.PAUSE)
                .map(Fault::lasts)
                .toList();

        assertThat(pauses).allMatch(lasts -> lasts.toMillis() >= 200 && lasts.toMillis() <= 15_000);
        assertThat(pauses).anyMatch(lasts -> lasts.toMillis() < 1_000);
        assertThat(pauses).anyMatch(lasts -> lasts.toMillis() > 5_000);
    }

    @Test
    void whatIsNotPossibleIsNotDrawn() {
        var faults = Schedule.of(1, FAULTS, DURATION, (kind, target) -> kind != Kind.FULL);

        assertThat(faults).hasSize(FAULTS).noneMatch(fault -> fault.kind() == Kind.FULL);
    }
}
