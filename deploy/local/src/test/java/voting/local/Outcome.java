package voting.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Pattern;

/** What has become of the votes: as the database holds them, and as the result page shows them. */
record Outcome(LocalSystem system) {

    private static final Pattern OPTION = Pattern.compile("\"id\":\"([^\"]+)\".*?\"votes\":(\\d+)");

    /** What {@code GET /api/results} says. */
    Map<String, Long> shown() {
        try {
            var body = Voter.get(system.result().uri().resolve("/api/results")).body();
            var shown = new TreeMap<String, Long>();
            OPTION.matcher(body).results().forEach(found -> shown.put(found.group(1), Long.valueOf(found.group(2))));
            return shown;
        } catch (IOException e) {
            throw new AssertionError("result does not answer", e);
        }
    }

    /** What the worker has added up. */
    Map<String, Long> tally() throws SQLException {
        return votes("select choice, sum(votes) from tally group by choice having sum(votes) <> 0");
    }

    /** What one gets by counting the ballots again. */
    Map<String, Long> recount() throws SQLException {
        return votes("select choice, count(*) from ballot group by choice");
    }

    Map<UUID, String> ballots() throws SQLException {
        var ballots = new HashMap<UUID, String>();
        try (var connection = DriverManager.getConnection(system.postgres().jdbcUrl());
                var statement = connection.createStatement();
                var rows = statement.executeQuery("select id, choice from ballot")) {
            while (rows.next()) {
                ballots.put(rows.getObject(1, UUID.class), rows.getString(2));
            }
        }
        return ballots;
    }

    long count(String table) throws SQLException {
        try (var connection = DriverManager.getConnection(system.postgres().jdbcUrl());
                var statement = connection.createStatement();
                var row = statement.executeQuery("select count(*) from " + table)) {
            row.next();
            return row.getLong(1);
        }
    }

    /** Counted ballots, changed votes included. */
    long acceptedBallots() throws SQLException {
        return votes("select 'all', coalesce(sum(votes), 0) from votes_per_minute")
                .get("all");
    }

    /** Waits until all that was accepted is counted; then these are the ballots, and all that is derived agrees. */
    void becomes(Map<UUID, String> expected) throws SQLException {
        await().atMost(Duration.ofMinutes(1)).until(new Streams(system)::areDrained);
        assertThat(ballots()).isEqualTo(expected);
        assertThat(tally()).isEqualTo(recount());
        assertThat(count("rejected_entry")).isZero();
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(shownVotes()).isEqualTo(recount()));
    }

    /** As if nobody had voted yet. The streams must have been drained. */
    void clear() throws SQLException {
        try (var connection = DriverManager.getConnection(system.postgres().jdbcUrl());
                var statement = connection.createStatement()) {
            statement.execute("truncate ballot, tally, votes_per_minute, rejected_entry");
        }
    }

    private Map<String, Long> shownVotes() {
        var shown = shown();
        shown.values().removeIf(votes -> votes == 0);
        return shown;
    }

    private Map<String, Long> votes(String query) throws SQLException {
        var votes = new TreeMap<String, Long>();
        try (var connection = DriverManager.getConnection(system.postgres().jdbcUrl());
                var statement = connection.createStatement();
                var rows = statement.executeQuery(query)) {
            while (rows.next()) {
                votes.put(rows.getString(1), rows.getLong(2));
            }
        }
        return votes;
    }
}
