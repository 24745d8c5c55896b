package voting.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.security.NoSuchAlgorithmException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;

/** Opens connections to one server. */
final class Wires {

    private static final int NARROW_BYTES = 2_048;

    private final Endpoint server;
    private final InetSocketAddress address;
    private final SSLContext tls;
    private final boolean insecure;

    /** @param insecure whether any certificate will do, as one that signs itself */
    Wires(Endpoint server, boolean insecure) {
        this.server = server;
        this.address = server.address();
        this.insecure = insecure;
        this.tls = server.secure() ? context(insecure) : null;
    }

    /** A connection that is being established. */
    Wire open(Selector selector, Object attachment) throws IOException {
        return open(selector, attachment, SocketChannel.open());
    }

    /** One that takes so little before somebody reads it that a server soon notices. */
    Wire openNarrow(Selector selector, Object attachment) throws IOException {
        var channel = SocketChannel.open();
        channel.setOption(StandardSocketOptions.SO_RCVBUF, NARROW_BYTES);
        return open(selector, attachment, channel);
    }

    private Wire open(Selector selector, Object attachment, SocketChannel channel) throws IOException {
        try {
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.connect(address);
            var transport = tls == null ? new Transport.Plain(channel) : new TlsTransport(channel, engine());
            return new Wire(transport, channel.register(selector, SelectionKey.OP_CONNECT, attachment));
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    static SSLContext context(boolean insecure) {
        if (insecure) {
            return AnyCertificate.context();
        }
        try {
            return SSLContext.getDefault();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("This Java has no TLS", e);
        }
    }

    private SSLEngine engine() {
        var engine = tls.createSSLEngine(server.host(), server.port());
        engine.setUseClientMode(true);
        if (!insecure) {
            var parameters = engine.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            engine.setSSLParameters(parameters);
        }
        return engine;
    }
}
