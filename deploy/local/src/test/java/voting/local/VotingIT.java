package voting.local;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;

/** What a voter is promised, through HTTP only. */
class VotingIT {

    private final LocalSystem system = SharedSystem.get();
    private final Outcome outcome = new Outcome(system);

    @AfterEach
    void clear() throws SQLException {
        outcome.clear();
    }

    @Test
    void voteIsVisibleOnTheResultPage() throws Exception {
        assertThat(Voter.of(system).choose("cats").statusCode()).isEqualTo(303);

        await().untilAsserted(() -> assertThat(outcome.shown()).isEqualTo(Map.of("cats", 1L, "dogs", 0L)));
        var page = Voter.get(system.result().uri().resolve("/")).body();
        assertThat(page).contains("Cats", "Dogs");
    }

    @Test
    void secondVoteReplacesTheFirstAndTheTallyMovesByTheDifference() throws Exception {
        var changesMind = Voter.of(system);
        var other = Voter.of(system);
        changesMind.choose("cats");
        other.choose("cats");
        outcome.becomes(Map.of(changesMind.id(), "cats", other.id(), "cats"));

        changesMind.choose("dogs");

        outcome.becomes(Map.of(changesMind.id(), "dogs", other.id(), "cats"));
        assertThat(outcome.tally()).isEqualTo(Map.of("cats", 1L, "dogs", 1L));
    }

    @Test
    void formAndApiVotesOfOneVoterAreOneVote() throws Exception {
        var voter = Voter.of(system);

        assertThat(voter.choose("cats").statusCode()).isEqualTo(303);
        assertThat(voter.chooseByApi("dogs").statusCode()).isEqualTo(202);

        outcome.becomes(Map.of(voter.id(), "dogs"));
    }

    @Test
    void voterWithoutCookieIsGivenOneThatIsTheBallotsIdentity() throws Exception {
        var answer = new Voter(null, system.vote().uri()).choose("cats");

        var cookie = answer.headers().allValues("Set-Cookie").stream()
                .filter(header -> header.startsWith("voter_id="))
                .findFirst()
                .orElseThrow();
        outcome.becomes(Map.of(UUID.fromString(cookie.substring("voter_id=".length(), cookie.indexOf(';'))), "cats"));
    }

    @Test
    void acceptedVoteIsInTheAppendOnlyFileBeforeTheAnswer() throws Exception {
        try (var jedis = new Jedis("127.0.0.1", system.redis().port())) {
            assertThat(jedis.configGet("appendfsync")).containsEntry("appendfsync", "always");
        }
        // All at once, so that most of them are answered by a commit they share with others.
        var answers = new ArrayList<Future<?>>();
        try (var voters = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 300; i++) {
                answers.add(voters.submit(() -> {
                    var voter = Voter.of(system);
                    assertThat(voter.choose("cats").statusCode()).isEqualTo(303);
                    assertThat(appendOnlyFileHolds(voter.id())).isTrue();
                    return null;
                }));
            }
        }
        for (var answer : answers) {
            answer.get();
        }
        await().untilAsserted(() -> assertThat(outcome.count("ballot")).isEqualTo(300));
    }

    private boolean appendOnlyFileHolds(UUID ballotId) throws IOException {
        return Files.readString(system.redis().appendOnlyFile(), ISO_8859_1).contains(ballotId.toString());
    }
}
