package voting.vote;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.springframework.stereotype.Component;
import voting.vote.VoteSettings.Mode;
import voting.vote.VoteSettings.Option;

/** What the form and the API have in common: who votes, whether the choice is allowed, and handing it to Redis. */
@Component
class VotingBooth {

    /** Request attributes of a ballot that was not confirmed. */
    static final String RETRY_CHOICE = "retryChoice";

    static final String RETRY_BALLOT_ID = "retryBallotId";

    private final VoteSettings.Poll poll;
    private final BallotAppender appender;
    private final Map<String, Counter> acceptedByOption;
    private final Counter invalid;
    private final Counter notConfirmed;

    VotingBooth(VoteSettings settings, BallotAppender appender, MeterRegistry metrics) {
        this.poll = settings.poll();
        this.appender = appender;
        this.acceptedByOption = poll.options().all().stream()
                .map(Option::id)
                .collect(Collectors.toMap(
                        Function.identity(),
                        id -> Counter.builder("votes.accepted")
                                .description("Votes confirmed by Redis")
                                .tag("option", id)
                                .register(metrics)));
        this.invalid = refused("invalid", metrics);
        this.notConfirmed = refused("not_confirmed", metrics);
    }

    /**
     * Casts a vote and returns the ballot once it is safely stored.
     *
     * @param choice id of an option, or null when none was sent
     * @param ballotId identity that the client sent along, or null; used where every click counts
     * @throws InvalidVoteException when this is not a vote that the poll allows; nothing was sent to Redis
     * @throws BallotNotConfirmedException when Redis did not confirm it
     */
    Ballot cast(String choice, String ballotId, HttpServletRequest request, HttpServletResponse response) {
        if (choice == null || poll.options().find(choice) == null) {
            invalid.increment();
            throw new InvalidVoteException("the choice is not one of the poll's options");
        }
        var ballot = new Ballot(identity(ballotId, request, response), choice);
        try {
            appender.append(ballot);
        } catch (BallotNotConfirmedException e) {
            notConfirmed.increment();
            // For the error page, which offers to send the very same ballot again.
            request.setAttribute(RETRY_CHOICE, choice);
            if (poll.mode() == Mode.EVERY_CLICK_COUNTS) { // otherwise the cookie says whose ballot it is
                request.setAttribute(RETRY_BALLOT_ID, ballot.ballotId());
            }
            throw e;
        }
        acceptedByOption.get(choice).increment();
        VoterCookies.remember(choice, request, response);
        return ballot;
    }

    private UUID identity(String ballotId, HttpServletRequest request, HttpServletResponse response) {
        if (poll.mode() == Mode.ONE_VOTE_PER_BROWSER) {
            return VoterCookies.identify(request, response);
        }
        if (ballotId == null || ballotId.isEmpty()) {
            return VoterCookies.newId(request);
        }
        return VoterCookies.parseId(ballotId).orElseThrow(() -> {
            invalid.increment();
            return new InvalidVoteException("the ballot id is not a random UUID in its canonical form");
        });
    }

    private static Counter refused(String reason, MeterRegistry metrics) {
        return Counter.builder("votes.refused")
                .description("Votes that were answered with an error")
                .tag("reason", reason)
                .register(metrics);
    }
}
