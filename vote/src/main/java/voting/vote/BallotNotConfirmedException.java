package voting.vote;

import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.ResponseStatus;

/**
 * Redis did not confirm a ballot in time. It may or may not be in the stream, so the voter is told that it was not
 * confirmed; sending the same ballot again is safe, because its id makes it count once.
 */
@ResponseStatus(HttpStatus.SERVICE_UNAVAILABLE)
class BallotNotConfirmedException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** No stack trace: under overload there are thousands a second, and the message says it all. */
    BallotNotConfirmedException(String message, Throwable cause) {
        super(message, cause, false, false);
    }
}
