package voting.vote;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Instant;
import java.util.UUID;
import org.springframework.stereotype.Component;
import voting.vote.VoteCounters.Refusal;
import voting.vote.VoteSettings.Mode;

/** What the form and the API have in common: who votes, whether the choice is allowed, and handing it to Redis. */
@Component
class VotingBooth {

    /** Request attributes of a ballot that was not confirmed. */
    static final String RETRY_CHOICE = "retryChoice";

    static final String RETRY_BALLOT_ID = "retryBallotId";

    private final VoteSettings.Poll poll;
    private final BallotAppender appender;
    private final VoteCounters counters;

    VotingBooth(VoteSettings settings, BallotAppender appender, VoteCounters counters) {
        this.poll = settings.poll();
        this.appender = appender;
        this.counters = counters;
    }

    /**
     * Casts a vote and returns the ballot once it is safely stored.
     *
     * @param choice id of an option, or null when none was sent
     * @param ballotId identity that the client sent along, or null; used where every click counts
     * @throws PollClosedException when it comes too late; nothing was sent to Redis
     * @throws InvalidVoteException when this is not a vote that the poll allows; nothing was sent to Redis
     * @throws BallotNotConfirmedException when Redis did not confirm it
     */
    Ballot cast(String choice, String ballotId, HttpServletRequest request, HttpServletResponse response) {
        if (poll.isClosedAt(Instant.now())) {
            throw new PollClosedException();
        }
        if (choice == null || poll.options().find(choice) == null) {
            throw new InvalidVoteException("the choice is not one of the poll's options");
        }
        var ballot = new Ballot(identity(ballotId, request, response), choice);
        try {
            appender.append(ballot);
        } catch (BallotNotConfirmedException e) {
            counters.refused(e instanceof QueueFullException ? Refusal.QUEUE_FULL : Refusal.NOT_CONFIRMED);
            // For the error page, which offers to send the very same ballot again.
            request.setAttribute(RETRY_CHOICE, choice);
            if (poll.mode() == Mode.EVERY_CLICK_COUNTS) { // otherwise the cookie says whose ballot it is
                request.setAttribute(RETRY_BALLOT_ID, ballot.ballotId());
            }
            throw e;
        }
        counters.accepted(choice);
        VoterCookies.remember(choice, poll.id(), request, response);
        return ballot;
    }

    private UUID identity(String ballotId, HttpServletRequest request, HttpServletResponse response) {
        if (poll.mode() == Mode.ONE_VOTE_PER_BROWSER) {
            return VoterCookies.identify(request, response);
        }
        if (ballotId == null || ballotId.isEmpty()) {
            return VoterCookies.newId(request);
        }
        return VoterCookies.parseId(ballotId)
                .orElseThrow(
                        () -> new InvalidVoteException("the ballot id is not a random UUID in its canonical form"));
    }
}
