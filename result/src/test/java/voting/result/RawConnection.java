package voting.result;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;

/** Sends bytes that no HTTP client would. One byte is one character, in what is sent and in what comes back. */
final class RawConnection implements AutoCloseable {

    /** Far more than any answer may take; tests that are about time say so themselves. */
    private static final int PATIENCE_MILLIS = 15_000;

    private final int port;
    private String previous = "nothing";
    private Socket socket;
    private InputStream in;

    RawConnection(int port) {
        this.port = port;
    }

    /** @param status 0 when there is none */
    record Answer(int status, List<String> headers, String body) {

        /** The values of a header; its name in lower case. */
        List<String> header(String name) {
            return headers.stream()
                    .filter(line -> line.toLowerCase().startsWith(name + ":"))
                    .map(line -> line.substring(name.length() + 1).strip())
                    .toList();
        }
    }

    /** Sends a request that ends where it says, and returns its answer; the next one uses the same connection. */
    Answer exchange(String request) throws IOException {
        if (socket == null) {
            open();
        }
        try {
            socket.getOutputStream().write(request.getBytes(ISO_8859_1));
            var answer = readAnswer(request.startsWith("HEAD "));
            if (answer.header("connection").contains("close")) {
                close();
            }
            previous = request;
            return answer;
        } catch (IOException e) {
            close();
            throw new IOException("no answer to " + request + " after " + previous, e);
        }
    }

    /** Sends bytes on a connection of their own, says that no more will come, and returns all whole answers. */
    List<Answer> sendAndFinish(String bytes) throws IOException {
        close();
        open();
        var answers = new ArrayList<Answer>();
        socket.getOutputStream().write(bytes.getBytes(ISO_8859_1));
        socket.shutdownOutput();
        try {
            for (in.mark(1); in.read() >= 0; in.mark(1)) {
                in.reset();
                answers.add(readAnswer(false));
            }
        } catch (EOFException e) {
            // An answer that was cut off: Reactor Netty takes "no more will come" for "gone".
        }
        close();
        return answers;
    }

    /** Sends a request on a connection of its own, and leaves when the head of the answer has come. */
    Answer sendAndLeave(String request) throws IOException {
        close();
        open();
        socket.getOutputStream().write(request.getBytes(ISO_8859_1));
        var answer = readAnswer(true);
        close();
        return answer;
    }

    private void open() throws IOException {
        socket = new Socket("127.0.0.1", port);
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(PATIENCE_MILLIS);
        in = new BufferedInputStream(socket.getInputStream());
    }

    private Answer readAnswer(boolean isOfHead) throws IOException {
        var statusLine = readLine();
        if (!statusLine.matches("HTTP/1\\.[01] \\d{3}( .*)?")) {
            // To what may be HTTP 0.9 the answer is the page and nothing else.
            return new Answer(0, List.of(), statusLine + new String(in.readAllBytes(), ISO_8859_1));
        }
        var headers = new ArrayList<String>();
        for (var line = readLine(); !line.isEmpty(); line = readLine()) {
            headers.add(line);
        }
        var head = new Answer(Integer.parseInt(statusLine.substring(9, 12)), headers, "");
        var hasNoBody = isOfHead || head.status / 100 == 1 || head.status == 204 || head.status == 304;
        return hasNoBody ? head : new Answer(head.status, headers, readBody(head));
    }

    private String readBody(Answer head) throws IOException {
        if (head.header("transfer-encoding").contains("chunked")) {
            var body = new ByteArrayOutputStream();
            for (var length = chunkLength(); length > 0; length = chunkLength()) {
                body.write(in.readNBytes(length));
                readLine();
            }
            readLine();
            return body.toString(ISO_8859_1);
        }
        var length = head.header("content-length");
        return new String(
                length.isEmpty() ? in.readAllBytes() : in.readNBytes(Integer.parseInt(length.getFirst())), ISO_8859_1);
    }

    private int chunkLength() throws IOException {
        return Integer.parseInt(readLine(), 16);
    }

    private String readLine() throws IOException {
        var line = new StringBuilder();
        for (var next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new EOFException("the connection ended after: " + line);
            }
            line.append((char) next);
        }
        return line.toString().stripTrailing();
    }

    @Override
    public void close() throws IOException {
        if (socket != null) {
            socket.close();
            socket = null;
        }
    }
}
