package voting.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.sql.SQLException;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** {@code POLL_MODE=every-click-counts}, the mode of the course. */
class EveryClickCountsIT {

    private static final Pattern BALLOT_ID = Pattern.compile("name=\"ballot_id\"[^>]*value=\"([^\"]+)\"");

    private static final LocalSystem system = SharedSystem.get();
    private final Outcome outcome = new Outcome(system);
    private final Voter voter = Voter.of(system);

    @BeforeAll
    static void changeMode() {
        system.vote().stop();
        system.vote().start(Map.of("POLL_MODE", "every-click-counts"));
        system.vote().awaitReady();
    }

    @AfterAll
    static void restoreMode() {
        system.vote().stop();
        system.vote().start();
        system.vote().awaitReady();
    }

    @AfterEach
    void clear() throws SQLException {
        outcome.clear();
    }

    @Test
    void eachClickOfOneVoterCounts() throws Exception {
        var first = renderedBallotId();
        voter.postForm("vote=cats&ballot_id=" + first);
        var second = renderedBallotId();
        voter.postForm("vote=cats&ballot_id=" + second);

        outcome.becomes(Map.of(first, "cats", second, "cats"));
    }

    @Test
    void resubmittedFormCountsOnce() throws Exception {
        var ballotId = renderedBallotId();

        assertThat(voter.postForm("vote=cats&ballot_id=" + ballotId).statusCode())
                .isEqualTo(303);
        assertThat(voter.postForm("vote=cats&ballot_id=" + ballotId).statusCode())
                .isEqualTo(303);

        outcome.becomes(Map.of(ballotId, "cats"));
    }

    @Test
    void clickWithoutBallotIdCountsAsANewOne() throws Exception {
        voter.choose("dogs");
        voter.choose("dogs");

        await().untilAsserted(() -> assertThat(outcome.shown()).containsEntry("dogs", 2L));
        assertThat(outcome.recount()).isEqualTo(Map.of("dogs", 2L));
    }

    private UUID renderedBallotId() throws IOException {
        var form = BALLOT_ID.matcher(Voter.get(voter.vote().resolve("/")).body());
        assertThat(form.find()).isTrue();
        return UUID.fromString(form.group(1));
    }
}
