package voting.vote;

import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.ResponseStatus;

/** The body of a request is over the limit of {@link BodyLimitFilter}. */
@ResponseStatus(HttpStatus.CONTENT_TOO_LARGE)
class BodyTooLargeException extends RuntimeException {

    private static final long serialVersionUID = 1L;
}
