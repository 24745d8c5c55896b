package voting.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import voting.load.Voters.Vote;

class VotersTest {

    private static final List<String> OPTIONS = List.of("cats", "dogs", "birds");

    private static List<Vote> votes(long seed, int count) {
        var voters = new Voters(OPTIONS, seed);
        return Stream.generate(voters::first).limit(count).toList();
    }

    @Test
    void sameSeedGivesTheSameVotersAndChoices() {
        assertThat(votes(1, 1_000)).isEqualTo(votes(1, 1_000));
        assertThat(votes(2, 1_000)).doesNotContainAnyElementsOf(votes(1, 1_000));
    }

    @Test
    void idsAreDifferentAndOfTheKindThatTheVotePageIssues() {
        var ids = new HashSet<UUID>();
        votes(1, 200_000).forEach(vote -> ids.add(vote.ballotId()));

        assertThat(ids).hasSize(200_000).allMatch(id -> id.version() == 4 && id.variant() == 2);
    }

    @Test
    void changedVoteIsOfSomebodyWhoVotedAndTakesAnotherOption() {
        var voters = new Voters(OPTIONS, 1);
        Map<UUID, String> choices = new HashMap<>();
        for (int i = 0; i < 100; i++) {
            var vote = voters.first();
            choices.put(vote.ballotId(), vote.choice());
        }

        for (int i = 0; i < 1_000; i++) {
            var vote = voters.changed();
            assertThat(choices.put(vote.ballotId(), vote.choice())).isNotNull().isNotEqualTo(vote.choice());
        }
    }
}
