package voting.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static voting.chaos.PostgresPair.PATIENCE;

import java.io.IOException;
import java.util.List;
import voting.load.Verdict;
import voting.load.Verifier;
import voting.load.VoteLog;
import voting.load.VoteLog.Outcome;

/** People who vote on a {@link PostgresPair}, and what has become of all their votes. */
final class Voting {

    private final PostgresPair pair;
    private final VoteLog log = new VoteLog();
    private final Pulse pulse = new Pulse();
    private Crowd crowd;
    private int crowds;
    private int voters;

    Voting(PostgresPair pair) {
        this.pair = pair;
    }

    VoteLog log() {
        return log;
    }

    Pulse pulse() {
        return pulse;
    }

    /** Others come each time. */
    void begin() {
        crowd = new Crowd(log, pulse);
        crowd.gather(++crowds, Campaign.OPTIONS, pair.system().vote().uri());
    }

    /** So many more than now. */
    void awaitMoreCounted(int ballots) {
        var enough = counted() + ballots;
        await().atMost(PATIENCE).until(() -> counted() >= enough);
    }

    void awaitMoreAcknowledged(int votes) {
        var enough = log.count(Outcome.ACKNOWLEDGED) + votes;
        await().atMost(PATIENCE).until(() -> log.count(Outcome.ACKNOWLEDGED) >= enough);
    }

    /** How many have come. */
    int voters() {
        return voters;
    }

    private long counted() {
        return PostgresPair.number(pair.primary(), "select count(*) from ballot");
    }

    /** Lets everybody go home. */
    Verdict end() throws IOException, InterruptedException {
        assertThat(crowd.goHome()).isTrue();
        voters += crowd.voters();
        return verify();
    }

    /** Also after a failure nobody goes on into the next test. */
    void dismiss() throws InterruptedException {
        if (crowd != null) {
            crowd.goHome();
        }
    }

    /** To be called when nobody votes. */
    Verdict verify() throws IOException, InterruptedException {
        assertThat(pair.stored().awaitSettled(PATIENCE)).isTrue();
        return Verifier.verify(log, pair.stored().read(), List.of());
    }
}
