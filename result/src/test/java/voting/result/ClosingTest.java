package voting.result;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What is said about the end of the poll; "final" only when nothing can come any more. */
class ClosingTest {

    private static final Instant CLOSES = Instant.parse("2026-12-24T18:00:00Z");

    private static final String WORKER = "'7a0f1c52-7f3c-4a55-9a53-6d7f6c0f4a11'";

    @Test
    void aPollThatStaysOpenSaysNothing() {
        assertThat(Closing.of(null, drained(), CLOSES)).isNull();
        assertThat(ResultServer.cleared().get("/").body()).doesNotContain("id=\"closing\"", "data-refresh-after");
    }

    @Test
    void untilTheClosingTimeItIsOpenAndThePageAsksAgainThen() {
        assertThat(Closing.of(CLOSES, drained(), CLOSES.minusMillis(1_500))).isEqualTo(new Closing("open", 1_500L));
    }

    @Test
    void whatIsOnItsWayIsWaitedFor() {
        assertThat(Closing.of(CLOSES, drained(), CLOSES).phase()).isEqualTo("counting");
        assertThat(Closing.of(CLOSES, drained(), CLOSES.plusSeconds(4)).phase()).isEqualTo("counting");
        assertThat(Closing.of(CLOSES, drained(), CLOSES.plusSeconds(6))).isEqualTo(new Closing("final", null));
    }

    @Test
    void theOutcomeIsNotFinalWhileBallotsWaitOrNobodyKnows() {
        var late = CLOSES.plus(Duration.ofHours(1));

        assertThat(Closing.of(CLOSES, waiting(List.of(0L, 1L)), late).phase()).isEqualTo("counting");
        assertThat(Closing.of(CLOSES, waiting(null), late).phase()).isEqualTo("counting");
        assertThat(Closing.of(CLOSES, Pipeline.UNKNOWN, late).phase()).isEqualTo("counting");
    }

    @Test
    void thePageSaysSoInBothLanguages() {
        var server = ResultServer.cleared(Map.of("POLL_CLOSES", "2026-01-02T18:00:00Z"));
        var postgres = TestPostgres.shared();
        postgres.publish(WORKER, true, "'{1}'", "10");
        assertThat(server.get("/").body())
                .contains("Voting has ended. The last ballots are being counted.", "data-refresh-after=\"5000\"");

        await().until(() -> {
            postgres.publish(WORKER, true, "'{0}'", "null");
            return server.get("/").body().contains("Voting has ended. This is the final outcome.");
        });

        assertThat(server.get("/", "Accept-Language", "fr").body())
                .contains("Voici le résultat définitif.")
                .doesNotContain("data-refresh-after");
    }

    private static Pipeline drained() {
        return waiting(List.of(0L, 0L));
    }

    private static Pipeline waiting(List<Long> waiting) {
        return new Pipeline(Pipeline.State.FLOWING, 1, waiting, null, 0L, null, 0L, 0);
    }
}
