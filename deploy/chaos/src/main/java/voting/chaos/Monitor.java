package voting.chaos;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Objects;
import java.util.Properties;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;
import voting.load.StoredReader;

/** Tells the {@link Pulse} what the system does, by looking at it again and again. */
final class Monitor implements AutoCloseable {

    private static final Duration INTERVAL = Duration.ofMillis(50);
    private static final Duration TIMEOUT = Duration.ofSeconds(1);

    /** Analysing the ballots is the last thing that an audit does. */
    private static final String LOOK = """
            select (select string_agg(entry_id, ' ' order by stream) from stream_position),
                   (select last_analyze from pg_stat_user_tables where relname = 'ballot')
            """;

    private static final JsonMapper JSON = new JsonMapper();

    private final URI result;
    private final StoredReader stored;
    private final Pulse pulse;
    private final HttpClient http = HttpClient.newHttpClient();
    private volatile boolean closed;
    private String positions;
    private long positionsReadNanos;

    Monitor(URI result, StoredReader stored, Pulse pulse) {
        this.result = result;
        this.stored = stored;
        this.pulse = pulse;
    }

    void start() {
        Thread.ofVirtual().start(this::watchResult);
        Thread.ofPlatform().daemon().start(this::watchPostgres);
    }

    @Override
    public void close() {
        closed = true;
        http.shutdownNow();
    }

    private void watchResult() {
        var request = HttpRequest.newBuilder(result.resolve("/api/results"))
                .timeout(TIMEOUT)
                .build();
        while (!closed) {
            try {
                var results = JSON.readTree(
                        http.send(request, BodyHandlers.ofString()).body());
                if (results.has("asOf")) {
                    pulse.seen(
                            Use.SHOWING, nanos(Instant.parse(results.get("asOf").asString())));
                }
                Thread.sleep(INTERVAL);
            } catch (IOException | JacksonException e) {
                pause();
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void watchPostgres() {
        while (!closed) {
            try (var connection = connect()) {
                while (!closed) {
                    look(connection);
                    pause();
                }
            } catch (SQLException e) {
                pause(); // struck by a fault
            }
        }
    }

    private Connection connect() throws SQLException {
        var properties = new Properties();
        properties.put("user", stored.user());
        properties.put("password", stored.password());
        properties.put("connectTimeout", "1");
        properties.put("socketTimeout", "1");
        return DriverManager.getConnection(stored.jdbcUrl(), properties);
    }

    private void look(Connection connection) throws SQLException {
        var before = System.nanoTime();
        try (var statement = connection.createStatement();
                var row = statement.executeQuery(LOOK)) {
            row.next();
            if (!Objects.equals(row.getString(1), positions)) {
                pulse.seen(Use.COUNTING, positionsReadNanos); // it has moved at some moment since then
                positions = row.getString(1);
            }
            positionsReadNanos = before;
            see(Use.AUDITING, row.getTimestamp(2));
        }
    }

    private void see(Use use, Timestamp time) {
        if (time != null) {
            pulse.seen(use, nanos(time.toInstant()));
        }
    }

    private static long nanos(Instant time) {
        return System.nanoTime() - time.until(Instant.now(), ChronoUnit.NANOS);
    }

    private static void pause() {
        try {
            Thread.sleep(INTERVAL);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
