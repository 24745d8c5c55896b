package voting.worker;

/** Draining fewer streams than there are would leave ballots uncounted: better to count none, and to say so. */
final class TooFewStreamsException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    TooFewStreamsException(int streams) {
        super("VOTE_STREAMS is " + streams + " here, but there are ballots in more streams: set what vote has, or had");
    }
}
