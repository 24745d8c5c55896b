package voting.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;

/** Encrypted. The buffer given to {@link #read} must hold a whole record, 16 kB and some. */
final class TlsTransport implements Transport {

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final SocketChannel channel;
    private final SSLEngine engine;

    /** Records from the server, ready to be read from; and records to the server, likewise. */
    private final ByteBuffer incoming;

    private final ByteBuffer outgoing;
    private boolean connected;

    TlsTransport(SocketChannel channel, SSLEngine engine) {
        this.channel = channel;
        this.engine = engine;
        this.incoming =
                ByteBuffer.allocate(engine.getSession().getPacketBufferSize()).flip();
        this.outgoing =
                ByteBuffer.allocate(engine.getSession().getPacketBufferSize()).flip();
    }

    @Override
    public boolean establish() throws IOException {
        if (!connected) {
            connected = channel.finishConnect();
            if (!connected) {
                return false;
            }
            engine.beginHandshake();
        }
        return handshake(ByteBuffer.allocate(engine.getSession().getApplicationBufferSize()));
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
        var before = into.position();
        while (true) {
            var result = unwrap(into);
            if (into.position() > before) {
                return into.position() - before;
            }
            if (result.getStatus() == SSLEngineResult.Status.CLOSED) {
                return -1;
            }
            if (result.getStatus() == SSLEngineResult.Status.BUFFER_UNDERFLOW) {
                var received = receive();
                if (received <= 0) {
                    return received;
                }
            } else if (!handshake(into)) { // the server renews its keys
                return 0;
            }
        }
    }

    @Override
    public boolean write(ByteBuffer from) throws IOException {
        while (flush() && from.hasRemaining()) {
            wrap(from);
        }
        return !from.hasRemaining() && !outgoing.hasRemaining();
    }

    @Override
    public int interest() {
        if (!connected) {
            return SelectionKey.OP_CONNECT;
        }
        return outgoing.hasRemaining() ? SelectionKey.OP_WRITE : SelectionKey.OP_READ;
    }

    /** Returns whether it is done, or was not needed. */
    private boolean handshake(ByteBuffer unexpected) throws IOException {
        while (flush()) {
            switch (engine.getHandshakeStatus()) {
                case NEED_TASK -> engine.getDelegatedTask().run();
                case NEED_WRAP -> wrap(NOTHING);
                case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
                    if (unwrap(unexpected).getStatus() == SSLEngineResult.Status.BUFFER_UNDERFLOW && !receiveSome()) {
                        return false;
                    }
                }
                case FINISHED, NOT_HANDSHAKING -> {
                    return true;
                }
            }
        }
        return false;
    }

    private boolean receiveSome() throws IOException {
        var received = receive();
        if (received < 0) {
            throw new IOException("The server closed the connection during the TLS handshake");
        }
        return received > 0;
    }

    private int receive() throws IOException {
        incoming.compact();
        try {
            return channel.read(incoming);
        } finally {
            incoming.flip();
        }
    }

    private SSLEngineResult unwrap(ByteBuffer into) throws IOException {
        return engine.unwrap(incoming, into);
    }

    private void wrap(ByteBuffer from) throws IOException {
        outgoing.compact();
        try {
            engine.wrap(from, outgoing);
        } finally {
            outgoing.flip();
        }
    }

    private boolean flush() throws IOException {
        if (outgoing.hasRemaining()) {
            channel.write(outgoing);
        }
        return !outgoing.hasRemaining();
    }
}
