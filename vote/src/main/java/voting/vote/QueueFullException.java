package voting.vote;

import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.ResponseStatus;

/** More ballots wait than Redis can take in time: this one was not even tried. */
@ResponseStatus(HttpStatus.SERVICE_UNAVAILABLE)
class QueueFullException extends BallotNotConfirmedException {

    private static final long serialVersionUID = 1L;

    QueueFullException() {
        super("the queue is full", null);
    }
}
