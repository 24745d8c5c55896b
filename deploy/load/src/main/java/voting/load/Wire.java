package voting.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;

/** A connection in a selector loop: sends when it can, and asks the selector for what it waits for. One thread only. */
final class Wire {

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final Transport transport;
    private final SelectionKey key;
    private ByteBuffer unsent = NOTHING;
    private boolean established;

    Wire(Transport transport, SelectionKey key) {
        this.transport = transport;
        this.key = key;
    }

    boolean isEstablished() {
        return established;
    }

    /** Now, or as soon as the connection stands. */
    void send(byte[] bytes) throws IOException {
        unsent = ByteBuffer.wrap(bytes);
        proceed();
    }

    /** Goes on with what was waiting; to be called whenever the selector has something for it. */
    void proceed() throws IOException {
        if (!established && !transport.establish()) {
            key.interestOps(transport.interest());
            return;
        }
        established = true;
        var interest = unsent.hasRemaining() && !transport.write(unsent)
                ? SelectionKey.OP_READ | SelectionKey.OP_WRITE
                : SelectionKey.OP_READ;
        if (key.interestOps() != interest) {
            key.interestOps(interest);
        }
    }

    /** Returns the number of bytes, 0 for none yet, or -1 when the server has closed. */
    int read(ByteBuffer into) throws IOException {
        return established ? transport.read(into) : 0;
    }

    /** As a client that has stopped reading, while its connection stays. */
    void stopReading() {
        key.interestOps(0);
    }

    void close() {
        try {
            key.channel().close(); // and no farewell of TLS: nobody is to wait for it
        } catch (IOException e) {
            // Gone either way.
        }
    }
}
