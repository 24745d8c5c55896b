package voting.vote;

import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.ResponseStatus;

/** The vote came after its poll's end: by the clock of this service, or from a page of an earlier poll. */
@ResponseStatus(HttpStatus.CONFLICT)
class PollClosedException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** No stack trace: an audience may go on clicking, and the name says it all. */
    PollClosedException() {
        super("the poll is closed", null, false, false);
    }
}
