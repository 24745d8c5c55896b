package voting.load;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Locale;

/** Finds where an HTTP/1.1 answer ends, in pieces as they arrive, and hands on its body. To be used again and again. */
final class AnswerParser {

    /** Receives the body in pieces; what it does not read is skipped. */
    interface Body {
        void accept(ByteBuffer piece);
    }

    private static final int LONGEST_HEAD = 16 * 1024;
    private static final long UNTIL_CLOSED = Long.MAX_VALUE;

    private enum State {
        HEAD,
        BODY,
        CHUNK_SIZE,
        CHUNK,
        CHUNK_END,
        TRAILER
    }

    private final Body body;
    private byte[] line = new byte[1024];
    private int length;
    private State state = State.HEAD;
    private int status;
    private boolean last;
    private long remaining;

    AnswerParser(Body body) {
        this.body = body;
    }

    static AnswerParser ignoringBodies() {
        return new AnswerParser(piece -> {});
    }

    /** Reads on; returns whether the answer is complete. What follows it stays in the buffer. */
    boolean accept(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            var complete = switch (state) {
                case HEAD -> readUntil("\r\n\r\n", bytes) && head(text());
                case BODY -> skip(bytes) && finish();
                case CHUNK_SIZE -> readUntil("\r\n", bytes) && chunkSize(text());
                case CHUNK -> skip(bytes) && proceed(State.CHUNK_END);
                case CHUNK_END -> readUntil("\r\n", bytes) && chunkEnd();
                case TRAILER -> readUntil("\r\n", bytes) && text().equals("\r\n") && finish();
            };
            if (complete) {
                return true;
            }
        }
        return false;
    }

    /** Of the answer that is complete, or of the one whose body is being read. */
    int status() {
        return status;
    }

    /** Whether the server closes the connection after this answer. */
    boolean isLast() {
        return last;
    }

    private boolean head(String head) throws IOException {
        if (!head.startsWith("HTTP/1.") || head.length() < 12) {
            throw new IOException("This is no HTTP: " + head.lines().findFirst().orElse(""));
        }
        status = Integer.parseInt(head, 9, 12, 10);
        var lower = head.toLowerCase(Locale.ROOT);
        last = lower.contains("\r\nconnection: close");
        if (status == 204 || status == 304) {
            return finish();
        }
        if (lower.contains("\r\ntransfer-encoding: chunked")) {
            return proceed(State.CHUNK_SIZE);
        }
        remaining = contentLength(lower);
        if (remaining == 0) {
            return finish();
        }
        last |= remaining == UNTIL_CLOSED;
        return proceed(State.BODY);
    }

    private static long contentLength(String head) {
        var name = "\r\ncontent-length:";
        var at = head.indexOf(name);
        if (at < 0) {
            return UNTIL_CLOSED;
        }
        var start = at + name.length();
        return Long.parseLong(head.substring(start, head.indexOf('\r', start)).strip());
    }

    private boolean chunkSize(String line) {
        var end = line.indexOf(';') < 0 ? line.length() : line.indexOf(';');
        remaining = Long.parseLong(line.substring(0, end).strip(), 16);
        return proceed(remaining == 0 ? State.TRAILER : State.CHUNK);
    }

    private boolean chunkEnd() {
        length = 0;
        return proceed(State.CHUNK_SIZE);
    }

    /** Returns whether the body, or its chunk, is complete. */
    private boolean skip(ByteBuffer bytes) {
        var size = (int) Math.min(remaining, bytes.remaining());
        body.accept(bytes.slice(bytes.position(), size));
        bytes.position(bytes.position() + size);
        remaining -= size;
        return remaining == 0;
    }

    private boolean readUntil(String end, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            if (length == line.length) {
                grow();
            }
            line[length++] = bytes.get();
            if (line[length - 1] == '\n' && endsWith(end)) {
                return true;
            }
        }
        return false;
    }

    private boolean endsWith(String end) {
        for (int i = 1; i <= end.length(); i++) {
            if (length < i || line[length - i] != end.charAt(end.length() - i)) {
                return false;
            }
        }
        return true;
    }

    private void grow() throws IOException {
        if (length >= LONGEST_HEAD) {
            throw new IOException("The head of the answer has more than " + LONGEST_HEAD + " bytes");
        }
        line = Arrays.copyOf(line, 2 * length);
    }

    private String text() {
        var text = new String(line, 0, length, ISO_8859_1);
        length = 0;
        return text;
    }

    /** To a state in which the answer is not complete. */
    private boolean proceed(State next) {
        state = next;
        return false;
    }

    private boolean finish() {
        state = State.HEAD;
        return true;
    }
}
