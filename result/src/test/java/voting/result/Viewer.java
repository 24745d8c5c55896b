package voting.result;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.awaitility.Awaitility;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A browser that watches {@code /events}. */
final class Viewer implements AutoCloseable {

    private static final JsonMapper JSON = new JsonMapper();

    private final Socket socket = new Socket();
    private final List<Event> events = new CopyOnWriteArrayList<>();
    private final AtomicInteger heartbeats = new AtomicInteger();
    private volatile boolean isCut;

    /** @param data parsed once, as many conditions look at it */
    record Event(String name, String text, JsonNode data) {

        Event(String name, String text) {
            this(name, text, JSON.readTree(text));
        }

        boolean isTallyOf(long total) {
            return name.equals("tally") && data.get("total").asLong() == total;
        }
    }

    private Viewer(ResultServer server, String path, int receiveBuffer) {
        try {
            if (receiveBuffer > 0) {
                socket.setReceiveBufferSize(receiveBuffer);
            }
            socket.connect(new InetSocketAddress("127.0.0.1", server.port()));
            socket.getOutputStream()
                    .write("GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n"
                            .formatted(path)
                            .getBytes(UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Viewer watching(ResultServer server) {
        return watching(server, "/events");
    }

    static Viewer watching(ResultServer server, String path) {
        var viewer = new Viewer(server, path, 0);
        viewer.startReading();
        return viewer;
    }

    /** Accepts next to nothing until {@link #startReading}. */
    static Viewer notReading(ResultServer server) {
        return new Viewer(server, "/events", 4 * 1024);
    }

    void startReading() {
        Thread.ofVirtual().start(this::read);
    }

    /** All but the heartbeats. */
    List<Event> events() {
        return events;
    }

    List<Event> events(String name) {
        return events.stream().filter(event -> event.name.equals(name)).toList();
    }

    /** The last event that says how things are; votes per minute come between at any full minute. */
    Event lastState() {
        return events.reversed().stream()
                .filter(event -> !event.name.equals("activity"))
                .findFirst()
                .orElseThrow();
    }

    int heartbeats() {
        return heartbeats.get();
    }

    Event await(Duration patience, Predicate<Event> condition) {
        return Awaitility.await()
                .pollInterval(Duration.ofMillis(2))
                .atMost(patience)
                .until(() -> events.stream().filter(condition).findFirst().orElse(null), event -> event != null);
    }

    boolean isConnected() {
        return !isCut;
    }

    /** An event has one line of data; whatever else there is, such as the lengths of chunks, is passed over. */
    private void read() {
        try (var lines = new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8))) {
            var name = "";
            for (String line; (line = lines.readLine()) != null; ) {
                if (line.startsWith("event: ")) {
                    name = line.substring("event: ".length());
                } else if (line.equals("data:")) {
                    heartbeats.incrementAndGet();
                } else if (line.startsWith("data:")) {
                    events.add(new Event(name, line.substring("data:".length()).strip()));
                }
            }
        } catch (IOException e) {
            // The connection was cut, by us or by the server.
        }
        isCut = true;
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
