package voting.local;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A load generator that costs little CPU: one thread, keep-alive connections, each with one request under way. It
 * understands only answers that arrive in one piece and start with HTTP/1.1 2xx or 3xx, and throws at any other.
 */
final class ClosedLoop {

    private ClosedLoop() {}

    /** Returns answered requests per second. */
    static double run(URI server, int connections, Duration duration, byte[] request) throws IOException {
        var channels = new ArrayList<SocketChannel>();
        try (var selector = Selector.open()) {
            for (int i = 0; i < connections; i++) {
                var channel = SocketChannel.open(new InetSocketAddress("localhost", server.getPort()));
                channels.add(channel);
                channel.configureBlocking(false);
                channel.socket().setTcpNoDelay(true);
                channel.register(selector, SelectionKey.OP_READ);
                channel.write(ByteBuffer.wrap(request));
            }
            return loop(selector, duration, request);
        } finally {
            closeAll(channels);
        }
    }

    private static double loop(Selector selector, Duration duration, byte[] request) throws IOException {
        var answer = ByteBuffer.allocateDirect(16 * 1024);
        var out = ByteBuffer.allocateDirect(request.length).put(request);
        var start = System.nanoTime();
        var answers = 0L;
        while (System.nanoTime() - start < duration.toNanos()) {
            selector.select(100);
            for (var key : selector.selectedKeys()) {
                var channel = (SocketChannel) key.channel();
                answer.clear();
                if (channel.read(answer) < 0 || answer.position() < 12) {
                    throw new IOException("The server closed a connection");
                }
                var statusClass = answer.get("HTTP/1.1 ".length());
                if (statusClass != '2' && statusClass != '3') {
                    throw new IOException("The server answered an error");
                }
                answers++;
                channel.write(out.clear());
            }
            selector.selectedKeys().clear();
        }
        return answers / ((System.nanoTime() - start) / 1e9);
    }

    private static void closeAll(List<SocketChannel> channels) throws IOException {
        for (var channel : channels) {
            channel.close();
        }
    }
}
