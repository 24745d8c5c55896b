package voting.load;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;

/** Finds the tallies in a stream of Server-Sent Events, in pieces as they arrive. */
final class TallyEvents implements AnswerParser.Body {

    /** Receives each tally that is complete. */
    interface Listener {

        /** @param asOf when it was read from Postgres, by the clock of the result service */
        void tally(long total, Instant asOf);
    }

    private static final byte[] TALLY = "event:tally".getBytes(UTF_8);
    private static final byte[] TALLY_WITH_SPACE = "event: tally".getBytes(UTF_8);

    private final Listener listener;
    private byte[] event = new byte[512];
    private int length;

    TallyEvents(Listener listener) {
        this.listener = listener;
    }

    @Override
    public void accept(ByteBuffer piece) {
        while (piece.hasRemaining()) {
            if (length == event.length) {
                event = Arrays.copyOf(event, 2 * length);
            }
            var next = piece.get();
            event[length++] = next;
            if (next == '\n' && length > 1 && event[length - 2] == '\n') {
                read();
                length = 0;
            }
        }
    }

    private void read() {
        if (!startsWith(TALLY) && !startsWith(TALLY_WITH_SPACE)) {
            return;
        }
        var text = new String(event, 0, length, UTF_8);
        // The last of each, because a question or a label may hold the words too.
        var total = after("\"total\":", text);
        var asOf = after("\"asOf\":\"", text);
        listener.tally(
                Long.parseLong(text, total, text.indexOf(',', total), 10),
                Instant.parse(text.substring(asOf, text.indexOf('"', asOf))));
    }

    private static int after(String name, String text) {
        return text.lastIndexOf(name) + name.length();
    }

    private boolean startsWith(byte[] start) {
        return length > start.length && Arrays.equals(event, 0, start.length, start, 0, start.length);
    }
}
