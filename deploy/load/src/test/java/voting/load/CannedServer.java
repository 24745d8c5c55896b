package voting.load;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.regex.Pattern;
import javax.net.ServerSocketFactory;

/** A server on keep-alive connections that gives the answer of a function to each request. */
final class CannedServer implements AutoCloseable {

    static final String SEE_OTHER = "HTTP/1.1 303 See Other\r\nContent-Length: 0\r\n\r\n";
    static final String UNAVAILABLE = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy";

    /** As an answer: close the connection instead. */
    static final String HANG_UP = "";

    private static final Pattern CONTENT_LENGTH = Pattern.compile("(?i)content-length: (\\d+)");

    private final ServerSocket server;
    private final Function<String, String> answers;
    private final Set<Socket> connections = ConcurrentHashMap.newKeySet();

    /** @param answers by the whole request, head and body; may block */
    CannedServer(ServerSocketFactory sockets, Function<String, String> answers) throws IOException {
        this.server = sockets.createServerSocket(0, 1_000, InetAddress.getLoopbackAddress());
        this.answers = answers;
        Thread.startVirtualThread(this::accept);
    }

    CannedServer(Function<String, String> answers) throws IOException {
        this(ServerSocketFactory.getDefault(), answers);
    }

    Endpoint endpoint(String scheme) {
        return Endpoint.of("TEST", scheme + "://localhost:" + server.getLocalPort());
    }

    int connectionsSoFar() {
        return connections.size();
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (var connection : connections) {
            connection.close();
        }
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                var connection = server.accept();
                connections.add(connection);
                Thread.startVirtualThread(() -> serve(connection));
            } catch (IOException e) {
                return; // closed
            }
        }
    }

    private void serve(Socket connection) {
        try (connection) {
            var in = new BufferedInputStream(connection.getInputStream());
            for (var request = read(in); request != null; request = read(in)) {
                var answer = answers.apply(request);
                if (answer.equals(HANG_UP)) {
                    return;
                }
                connection.getOutputStream().write(answer.getBytes(ISO_8859_1));
            }
        } catch (IOException e) {
            // The client went away.
        }
    }

    private static String read(InputStream in) throws IOException {
        var request = new StringBuilder();
        while (request.indexOf("\r\n\r\n") < 0) {
            var next = in.read();
            if (next < 0) {
                return null;
            }
            request.append((char) next);
        }
        var length = CONTENT_LENGTH.matcher(request);
        if (length.find()) {
            request.append(new String(in.readNBytes(Integer.parseInt(length.group(1))), ISO_8859_1));
        }
        return request.toString();
    }
}
