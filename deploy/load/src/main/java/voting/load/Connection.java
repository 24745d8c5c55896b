package voting.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Selector;

/** A keep-alive connection of the {@link Engine} with at most one request under way. */
final class Connection {

    private final ConnectionPool pool;
    private final Wire wire;
    private final AnswerParser parser = AnswerParser.ignoringBodies();
    private Request request;
    private long sentNanos;
    private long idleSinceNanos;

    Connection(ConnectionPool pool, Wires wires, Selector selector) throws IOException {
        this.pool = pool;
        this.wire = wires.open(selector, this);
    }

    void send(Request next) {
        request = next;
        sentNanos = System.nanoTime();
        try {
            wire.send(next.bytes());
        } catch (IOException e) {
            fail(reason(e));
        }
    }

    long sentNanos() {
        return sentNanos;
    }

    long idleSince() {
        return idleSinceNanos;
    }

    void idleSince(long nanos) {
        idleSinceNanos = nanos;
    }

    /** To be called when the selector has something for it. */
    void proceed(ByteBuffer buffer) {
        try {
            wire.proceed();
            for (var read = wire.read(buffer.clear()); read != 0; read = wire.read(buffer.clear())) {
                if (read < 0) {
                    end();
                    return;
                }
                if (!accept(buffer.flip())) {
                    return;
                }
            }
        } catch (IOException e) {
            fail(reason(e));
        }
    }

    /** Whoever waited for it must be told. */
    void fail(String reason) {
        close();
        if (request == null) {
            pool.closedWhileFree(this);
            return;
        }
        var failed = request;
        request = null;
        pool.failed(this, failed, reason);
    }

    void close() {
        wire.close();
    }

    /** Returns whether to read on. */
    private boolean accept(ByteBuffer bytes) throws IOException {
        if (request == null) {
            throw new IOException("The server answers without having been asked");
        }
        if (!parser.accept(bytes)) {
            return true;
        }
        var answered = request;
        request = null;
        pool.answered(this, answered, parser.status(), !parser.isLast() && !bytes.hasRemaining());
        return false;
    }

    private void end() {
        fail("the server closed the connection");
    }

    private static String reason(IOException e) {
        return String.valueOf(e.getMessage());
    }
}
