package voting.load;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.exceptions.JedisException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads the end state of a running system.
 *
 * @param jdbcUrl of the database
 * @param user who may read everything in it: its owner
 * @param result address of the result service
 * @param redis {@code redis://[:password@]host:port}, to see what is left in the streams; empty when it is out of reach
 */
public record StoredReader(String jdbcUrl, String user, String password, URI result, Optional<URI> redis) {

    private static final int ROWS_PER_FETCH = 10_000;
    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration POLL_INTERVAL = Duration.ofMillis(100);
    private static final JsonMapper JSON = new JsonMapper();

    /** What was counted. It must not change any more; see {@link #awaitSettled}. */
    public Stored read() throws IOException {
        // In the order in which a vote goes: what is in none of them yet is in the first.
        var remaining = remaining();
        var tally = tally();
        var shown = JSON.readTree(results());
        var votes = new TreeMap<String, Long>();
        shown.get("options")
                .forEach(option -> votes.put(
                        option.get("id").asString(), option.get("votes").asLong()));
        return new Stored(this::forEachBallot, tally, votes, shown.get("total").asLong(), rejected(), remaining);
    }

    /** Waits, at most so long, until all that was accepted is counted and shown; returns whether it is. */
    public boolean awaitSettled(Duration timeout) throws InterruptedException {
        var deadline = Instant.now().plus(timeout);
        while (!isSettled()) {
            if (Instant.now().isAfter(deadline)) {
                return false;
            }
            Thread.sleep(POLL_INTERVAL);
        }
        return true;
    }

    private boolean isSettled() throws InterruptedException {
        try {
            var stored = read();
            return stored.remaining().values().stream().allMatch(entries -> entries == 0)
                    && nonZero(stored.tally()).equals(nonZero(stored.shown()));
        } catch (IOException | JedisException | JacksonException | IllegalStateException e) {
            return false; // something still starts
        }
    }

    private static Map<String, Long> nonZero(Map<String, Long> votes) {
        var some = new TreeMap<>(votes);
        some.values().removeIf(number -> number == 0);
        return some;
    }

    private String results() throws IOException {
        try (var http = HttpClient.newHttpClient()) {
            var request = HttpRequest.newBuilder(result.resolve("/api/results"))
                    .timeout(ANSWER_TIMEOUT)
                    .build();
            var response = http.send(request, BodyHandlers.ofString());
            if (response.statusCode() != 200) {
                throw new IOException("The result service answers " + response.statusCode());
            }
            return response.body();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("Interrupted", e);
        }
    }

    private void forEachBallot(BiConsumer<UUID, String> reader) {
        query("select id, choice from ballot", row -> reader.accept(row.getObject(1, UUID.class), row.getString(2)));
    }

    private Map<String, Long> tally() {
        var tally = new TreeMap<String, Long>();
        query(
                "select choice, sum(votes) from tally group by choice",
                row -> tally.put(row.getString(1), row.getLong(2)));
        return tally;
    }

    private List<List<String>> rejected() {
        var rejected = new ArrayList<List<String>>();
        query("select fields from rejected_entry order by id", row -> {
            var fields = (byte[][]) row.getArray(1).getArray();
            rejected.add(Stream.of(fields).map(Poison::text).toList());
        });
        return rejected;
    }

    private Map<String, Long> remaining() {
        if (redis.isEmpty()) {
            return Map.of();
        }
        var remaining = new TreeMap<String, Long>();
        try (var client = RedisClient.create(redis.get())) {
            for (var stream : client.keys("votes:{*")) {
                if ("stream".equals(client.type(stream))) {
                    remaining.put(stream, client.xlen(stream));
                }
            }
        }
        return remaining;
    }

    private interface RowReader {
        void read(ResultSet row) throws SQLException;
    }

    private void query(String sql, RowReader reader) {
        try (var connection = connect();
                var statement = connection.createStatement()) {
            // Only a transaction reads with a cursor, instead of fetching all rows at once.
            connection.setAutoCommit(false);
            statement.setFetchSize(ROWS_PER_FETCH);
            try (var row = statement.executeQuery(sql)) {
                while (row.next()) {
                    reader.read(row);
                }
            }
        } catch (SQLException e) {
            throw new IllegalStateException("Cannot read from Postgres: " + sql, e);
        }
    }

    private Connection connect() throws SQLException {
        return DriverManager.getConnection(jdbcUrl, user, password);
    }
}
