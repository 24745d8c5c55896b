package voting.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.regex.Pattern;

/** Watches the live page and reconnects as browsers do. The total that it is shown must never go down. */
final class Viewer implements AutoCloseable {

    private static final Pattern TOTAL = Pattern.compile("^data:.*\"total\":(\\d+)");
    private static final int RECONNECT_MILLIS = 200;

    private final HttpClient http = HttpClient.newHttpClient();
    private final HttpRequest events;
    private volatile boolean closed;
    private volatile int tallies;
    private volatile int stepsBack;
    private long total;

    Viewer(URI result) {
        events = HttpRequest.newBuilder(result.resolve("/events")).build();
        Thread.ofVirtual().start(this::run);
    }

    int tallies() {
        return tallies;
    }

    /** How often a total was smaller than the one before. */
    int stepsBack() {
        return stepsBack;
    }

    @Override
    public void close() {
        closed = true;
        http.shutdownNow();
    }

    private void run() {
        while (!closed) {
            try {
                http.send(events, BodyHandlers.ofLines()).body().forEach(this::read);
            } catch (IOException | UncheckedIOException e) {
                // The service was struck, and will be back.
            } catch (InterruptedException e) {
                return;
            }
            pause();
        }
    }

    private void read(String line) {
        var found = TOTAL.matcher(line);
        if (!found.find()) {
            return;
        }
        var next = Long.parseLong(found.group(1));
        if (next < total) {
            stepsBack++;
        }
        total = next;
        tallies++;
    }

    private static void pause() {
        try {
            Thread.sleep(RECONNECT_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
