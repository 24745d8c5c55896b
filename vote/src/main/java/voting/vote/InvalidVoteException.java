package voting.vote;

import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.ResponseStatus;

/** The request is not a vote that this poll allows. */
@ResponseStatus(HttpStatus.BAD_REQUEST)
class InvalidVoteException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    InvalidVoteException(String message) {
        super(message);
    }
}
