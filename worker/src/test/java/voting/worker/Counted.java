package voting.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static redis.clients.jedis.Protocol.Command.XINFO;

import java.sql.Array;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.awaitility.core.ConditionFactory;
import org.springframework.jdbc.core.simple.JdbcClient;
import redis.clients.jedis.Jedis;

/** What the stores hold, as the owner sees it, and what must be true of it whatever has happened. */
final class Counted {

    private Counted() {}

    /** @param fields the entry's exact bytes, names and values in turn */
    record RejectedEntry(int stream, String entryId, List<byte[]> fields, String reason) {}

    /**
     * The promise: each voter's last choice is stored, the tally is what a recount gives, each vote is in one minute,
     * and nothing is left to do.
     */
    static void assertEachCountedOnce(List<Vote> votes) {
        var last = new HashMap<UUID, String>();
        votes.forEach(vote -> last.put(vote.ballotId(), vote.choice()));
        assertThat(ballots()).isEqualTo(last);
        assertThat(tally()).isEqualTo(recount());
        assertThat(ballotsOfAllMinutes()).isEqualTo(votes.size());
        assertNothingLeft();
    }

    /** To wait for what must come, and no longer than it takes. */
    static ConditionFactory eventually() {
        return await().pollInterval(Duration.ofMillis(10)).atMost(Duration.ofSeconds(30));
    }

    /** Every stream is empty, and its position is the id of the last entry that it ever had. */
    static void assertNothingLeft() {
        try (var redis = Stores.redis()) {
            for (int stream = 0; stream < Stores.STREAMS; stream++) {
                if (redis.exists(Vote.name(stream))) {
                    assertThat(redis.xlen(Vote.name(stream)))
                            .as("entries left in stream %d", stream)
                            .isZero();
                    assertThat(position(stream)).isEqualTo(lastEntryId(redis, stream));
                }
            }
        }
    }

    static Map<UUID, String> ballots() {
        var ballots = new HashMap<UUID, String>();
        sql("select id, choice from ballot").query(row -> {
            ballots.put(row.getObject("id", UUID.class), row.getString("choice"));
        });
        return ballots;
    }

    static Map<String, Long> tally() {
        return perOption("select choice, sum(votes) from tally group by choice having sum(votes) <> 0");
    }

    static Map<String, Long> recount() {
        return perOption("select choice, count(*) from ballot group by choice");
    }

    static Map<Instant, Long> ballotsPerMinute() {
        var minutes = new TreeMap<Instant, Long>();
        sql("select minute, sum(votes) as votes from votes_per_minute group by minute")
                .query(row -> {
                    var minute = row.getObject("minute", OffsetDateTime.class);
                    minutes.put(minute.toInstant(), row.getLong("votes"));
                });
        return minutes;
    }

    static long ballotsOfAllMinutes() {
        return ballotsPerMinute().values().stream().mapToLong(Long::longValue).sum();
    }

    static List<RejectedEntry> rejected() {
        return sql("select stream, entry_id, fields, reason from rejected_entry order by id")
                .query((row, number) -> new RejectedEntry(
                        row.getInt("stream"),
                        row.getString("entry_id"),
                        bytes(row.getArray("fields")),
                        row.getString("reason")))
                .list();
    }

    static String position(int stream) {
        return sql("select entry_id from stream_position where stream = " + stream)
                .query(String.class)
                .single();
    }

    private static String lastEntryId(Jedis redis, int stream) {
        var info = (List<?>) redis.sendCommand(XINFO, "STREAM", Vote.name(stream));
        for (int i = 0; i < info.size(); i += 2) {
            if (new String((byte[]) info.get(i), UTF_8).equals("last-generated-id")) {
                return new String((byte[]) info.get(i + 1), UTF_8);
            }
        }
        throw new AssertionError("no last-generated-id");
    }

    static long length(int stream) {
        try (var redis = Stores.redis()) {
            return redis.xlen(Vote.name(stream));
        }
    }

    static JdbcClient.StatementSpec sql(String sql) {
        return JdbcClient.create(Stores.owner()).sql(sql);
    }

    private static Map<String, Long> perOption(String sql) {
        var votes = new HashMap<String, Long>();
        sql(sql).query(row -> {
            votes.put(row.getString(1), row.getLong(2));
        });
        return votes;
    }

    private static List<byte[]> bytes(Array array) throws SQLException {
        return List.of((byte[][]) array.getArray());
    }
}
