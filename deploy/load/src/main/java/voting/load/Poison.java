package voting.load;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.List;

/**
 * An entry that was put into a stream on purpose and cannot be a ballot.
 *
 * @param fields names and values in turn, as {@link #text}; unlike those of any other poison
 * @param confirmed whether Redis answered; otherwise it may or may not be in the stream
 */
public record Poison(List<String> fields, boolean confirmed) {

    /** One character per byte, so that no byte is lost. */
    public static String text(byte[] bytes) {
        return new String(bytes, ISO_8859_1);
    }

    public static byte[] bytes(String text) {
        return text.getBytes(ISO_8859_1);
    }
}
