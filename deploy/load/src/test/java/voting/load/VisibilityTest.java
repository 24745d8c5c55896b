package voting.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class VisibilityTest {

    private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);

    private final Visibility visibility = new Visibility(1_000);

    @Test
    void voteIsVisibleWhenTheTotalHasReachedItsNumber() {
        visibility.acknowledged(5 * MILLI, 10 * MILLI);
        visibility.acknowledged(6 * MILLI, 20 * MILLI);

        visibility.shown(1_001, 30 * MILLI);
        assertThat(visibility.outstanding()).isEqualTo(1);

        visibility.shown(1_002, 100 * MILLI);
        assertThat(visibility.outstanding()).isZero();
        var latencies = visibility.sinceAcknowledged().percentiles();
        assertThat(latencies.count()).isEqualTo(2);
        assertThat(latencies.p50()).isCloseTo(20, within(0.1));
        assertThat(latencies.max()).isCloseTo(80, within(0.1));
        assertThat(visibility.sinceIntended().percentiles().max()).isCloseTo(94, within(0.1));
    }

    @Test
    void totalThatOvertookTheAnswerMakesTheVoteVisibleAtOnce() {
        visibility.shown(1_001, 5 * MILLI);
        visibility.acknowledged(1 * MILLI, 10 * MILLI);

        assertThat(visibility.outstanding()).isZero();
        assertThat(visibility.sinceAcknowledged().percentiles().max()).isZero();
        assertThat(visibility.sinceIntended().percentiles().max()).isCloseTo(9, within(0.1));
    }

    @Test
    void votesBeforeTheTotalOfTheStartDoNotCount() {
        visibility.acknowledged(0, 0);

        visibility.shown(999, MILLI);
        visibility.shown(1_000, MILLI);

        assertThat(visibility.outstanding()).isEqualTo(1);
    }

    @Test
    void olderTotalThatArrivesLateChangesNothing() {
        visibility.shown(1_002, MILLI);
        visibility.shown(1_001, 2 * MILLI);
        visibility.acknowledged(0, 3 * MILLI);
        visibility.acknowledged(0, 3 * MILLI);

        assertThat(visibility.outstanding()).isZero();
    }

    @Test
    void votesOfTheWarmUpAreCountedButNotMeasured() {
        visibility.measureFrom(10 * MILLI);
        visibility.acknowledged(9 * MILLI, 11 * MILLI);
        visibility.acknowledged(10 * MILLI, 12 * MILLI);

        visibility.shown(1_002, 20 * MILLI);

        assertThat(visibility.sinceAcknowledged().count()).isEqualTo(1);
    }

    @Test
    void longQueueIsRememberedInOrder() {
        for (int vote = 0; vote < 100_000; vote++) {
            visibility.acknowledged(0, vote * MILLI);
            if (vote % 3 == 0) {
                visibility.shown(1_000 + vote / 3, vote * MILLI);
            }
        }

        visibility.shown(1_000 + 99_999, 200_000 * MILLI);

        assertThat(visibility.outstanding()).isEqualTo(1);
        assertThat(visibility.sinceAcknowledged().count()).isEqualTo(99_999);
    }
}
