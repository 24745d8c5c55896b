package voting.vote;

import com.fasterxml.jackson.annotation.JsonInclude;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Instant;
import java.util.List;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import voting.vote.VoteSettings.Option;

/** The page's abilities for programs. Errors are problem details (RFC 9457). */
@RestController
@RequestMapping("/api")
class VoteApi {

    private final VoteSettings.Poll poll;
    private final VotingBooth booth;

    VoteApi(VoteSettings settings, VotingBooth booth) {
        this.poll = settings.poll();
        this.booth = booth;
    }

    @GetMapping("/poll")
    PollDescription poll() {
        return new PollDescription(
                poll.question(), poll.options().all(), poll.mode().toString(), poll.closes());
    }

    /**
     * Accepted means stored by Redis; it is counted a moment later. "Produces" refuses who wants another format before
     * the vote is cast, not after.
     */
    @PostMapping(
            path = "/votes",
            consumes = MediaType.APPLICATION_JSON_VALUE,
            produces = MediaType.APPLICATION_JSON_VALUE)
    @ResponseStatus(HttpStatus.ACCEPTED)
    Ballot vote(@RequestBody Vote vote, HttpServletRequest request, HttpServletResponse response) {
        return booth.cast(vote.choice(), vote.ballotId(), request, response);
    }

    /** @param closes left out when the poll stays open */
    record PollDescription(
            String question,
            List<Option> options,
            String mode,
            @JsonInclude(JsonInclude.Include.NON_NULL) Instant closes) {}

    /**
     * @param choice id of the chosen option
     * @param ballotId optional: in the mode {@code every-click-counts}, a random UUID that makes a retry count once
     */
    record Vote(String choice, String ballotId) {}
}
