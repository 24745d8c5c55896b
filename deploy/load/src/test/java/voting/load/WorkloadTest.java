package voting.load;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import voting.load.Request.Kind;

class WorkloadTest {

    private static final Endpoint SERVER = Endpoint.of("TEST", "http://example.org:8080/prefix/");

    private static Workload workload(int newVotes, int changedVotes, int pages, int results) {
        return new Workload(
                new Mix(newVotes, changedVotes, pages, results), SERVER, SERVER, List.of("cats", "dogs"), 3);
    }

    @Test
    void mixIsKept() {
        var workload = workload(40, 30, 20, 10);
        Map<Kind, Integer> kinds = new EnumMap<>(Kind.class);
        for (int i = 0; i < 100_000; i++) {
            kinds.merge(workload.next(i).kind(), 1, Integer::sum);
        }

        assertThat(kinds.get(Kind.NEW_VOTE)).isBetween(39_000, 41_000);
        assertThat(kinds.get(Kind.CHANGED_VOTE)).isBetween(29_000, 31_000);
        assertThat(kinds.get(Kind.PAGE)).isBetween(19_000, 21_000);
        assertThat(kinds.get(Kind.RESULT)).isBetween(9_000, 11_000);
    }

    @Test
    void nobodyChangesAVoteBeforeSomebodyHasVoted() {
        var workload = workload(0, 100, 0, 0);

        assertThat(workload.next(0).kind()).isEqualTo(Kind.NEW_VOTE);
        assertThat(workload.next(0).kind()).isEqualTo(Kind.CHANGED_VOTE);
    }

    @Test
    void voteIsTheFormThatABrowserSends() {
        var vote = workload(100, 0, 0, 0).next(7);

        assertThat(new String(vote.bytes(), US_ASCII))
                .isEqualTo(("POST /prefix/ HTTP/1.1\r\nHost: example.org:8080\r\nCookie: voter_id=%s\r\n"
                                + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\nvote=%s")
                        .formatted(vote.ballotId(), vote.choice()));
        assertThat(vote.intendedNanos()).isEqualTo(7);
    }
}
