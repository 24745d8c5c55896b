package voting.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;

/** Bytes to and from a server over a channel that does not block, as they are or encrypted. */
interface Transport {

    /** Goes on connecting; returns whether requests can be sent. */
    boolean establish() throws IOException;

    /** Returns the number of bytes that were there, 0 for none yet, or -1 when the server has closed. */
    int read(ByteBuffer into) throws IOException;

    /** Writes what the connection takes now; returns whether that was everything. */
    boolean write(ByteBuffer from) throws IOException;

    /** What {@link #establish} waits for. */
    int interest();

    /** Without encryption. */
    record Plain(SocketChannel channel) implements Transport {

        @Override
        public boolean establish() throws IOException {
            return channel.finishConnect();
        }

        @Override
        public int read(ByteBuffer into) throws IOException {
            return channel.read(into);
        }

        @Override
        public boolean write(ByteBuffer from) throws IOException {
            channel.write(from);
            return !from.hasRemaining();
        }

        @Override
        public int interest() {
            return SelectionKey.OP_CONNECT;
        }
    }
}
