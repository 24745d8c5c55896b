package voting.load;

/** Something that the person who started this can put right. The message is one sentence that says what and how. */
final class LoadException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    LoadException(String format, Object... arguments) {
        super(format.formatted(arguments));
    }
}
