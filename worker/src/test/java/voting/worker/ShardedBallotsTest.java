package voting.worker;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.DriverManager;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.postgresql.PGConnection;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Several databases, each with workers of its own, share the streams, and one holds the tallies of all for result. */
@ExtendWith(Stores.class)
class ShardedBallotsTest {

    private static final List<String> SHARDS = List.of("shard_0", "shard_1");
    private static final String SUMMARY = "summary";

    private final BallotStore store = new BallotStore();
    private final BallotStreams streams = new BallotStreams(Stores.settings());
    private final List<HikariDataSource> dataSources = new ArrayList<>();
    private final List<Drainer> drainers = new ArrayList<>();

    @BeforeEach
    void createDatabases() throws Exception {
        for (var shard : SHARDS) {
            Stores.createDatabase(shard);
            Stores.migrate(shard);
            ScalingScripts.run(shard, "shard.sql", Map.of("shards", SHARDS.size(), "shard", SHARDS.indexOf(shard)));
            var dataSource = Stores.newWorkerDataSource(shard);
            dataSources.add(dataSource);
            try (var connection = dataSource.getConnection()) {
                store.createPositions(connection, Stores.STREAMS);
                connection.commit();
            }
            drainers.add(new Drainer(
                    streams,
                    store,
                    dataSource,
                    Stores.settings().poll().options().ids(),
                    Stores.drainTelemetry()));
        }
    }

    @AfterEach
    void dropDatabases() throws Exception {
        streams.close();
        dataSources.forEach(HikariDataSource::close);
        for (var shard : SHARDS) {
            Stores.dropDatabase(shard);
        }
    }

    @Test
    void everyBallotIsCountedInOneShard() throws Exception {
        var votes = Vote.restless(500, 4_000);
        Vote.cast(votes);

        drainAll();

        var last = new HashMap<UUID, String>();
        votes.forEach(vote -> last.put(vote.ballotId(), vote.choice()));
        var stored = new HashMap<UUID, String>();
        for (var shard : SHARDS) {
            var before = stored.size();
            var here = new HashSet<UUID>();
            database(shard).sql("select id, choice from ballot").query(row -> {
                here.add(row.getObject("id", UUID.class));
                stored.put(row.getObject("id", UUID.class), row.getString("choice"));
            });
            assertThat(here).isNotEmpty().hasSize(stored.size() - before);
        }
        assertThat(stored).isEqualTo(last);
    }

    @Test
    void workerLeavesTheStreamsOfOtherShardsAlone() throws Exception {
        Vote.cast(1, Vote.of(1, "cats"));

        assertThat(drainers.get(0).drainOnce(1).held()).isFalse();
        assertThat(drainers.get(1).drainOnce(1)).isEqualTo(new Drainer.Outcome(true, 1, 0));
    }

    /** The shards are databases of one server here, where a subscription cannot make its slot by itself. */
    @Test
    void summaryHoldsTheTalliesOfAllShardsAndTellsTheViewers() throws Exception {
        Stores.createDatabase(SUMMARY);
        Stores.migrate(SUMMARY);
        ScalingScripts.run(SUMMARY, "summary.sql", Map.of());
        var summary = database(SUMMARY);
        try (var viewer = DriverManager.getConnection(Stores.jdbcUrl(SUMMARY), "result", Stores.RESULT_PASSWORD)) {
            for (var shard : SHARDS) {
                database(shard)
                        .sql("select pg_create_logical_replication_slot('%s', 'pgoutput')".formatted(shard))
                        .query(String.class)
                        .list();
                summary.sql("""
                                create subscription %1$s connection 'host=%2$s port=%3$d dbname=%1$s user=postgres'
                                publication tally with (create_slot = false)
                                """.formatted(shard, Stores.HOST, Stores.postgresPort()))
                        .update();
            }
            viewer.createStatement().execute("listen tally");
            var votes = Vote.restless(500, 4_000);
            Vote.cast(votes);

            drainAll();

            assertThat(viewer.unwrap(PGConnection.class).getNotifications(30_000))
                    .isNotEmpty();
            var last = new HashMap<UUID, String>();
            votes.forEach(vote -> last.put(vote.ballotId(), vote.choice()));
            var expected =
                    last.values().stream().collect(Collectors.groupingBy(choice -> choice, Collectors.counting()));
            Counted.eventually().untilAsserted(() -> assertThat(tally(viewer)).isEqualTo(expected));
        } finally {
            for (var shard : subscriptions(summary)) {
                summary.sql("drop subscription " + shard).update();
            }
            Stores.dropDatabase(SUMMARY);
        }
    }

    /** As the result service reads it. */
    private static Map<String, Long> tally(Connection viewer) throws Exception {
        var tally = new HashMap<String, Long>();
        try (var row = viewer.createStatement().executeQuery("select choice, sum(votes) from tally group by choice")) {
            while (row.next()) {
                tally.put(row.getString(1), row.getLong(2));
            }
        }
        return tally;
    }

    private static Set<String> subscriptions(JdbcClient summary) {
        return Set.copyOf(summary.sql("select subname from pg_subscription")
                .query(String.class)
                .list());
    }

    /** All streams from all shards' drainers, as workers do who do not know that there are several. */
    private void drainAll() throws Exception {
        for (var drainer : drainers) {
            for (int stream = 0; stream < Stores.STREAMS; stream++) {
                while (drainer.drainOnce(stream).counted() > 0) {}
            }
        }
    }

    private static JdbcClient database(String name) {
        return JdbcClient.create(ScalingScripts.owner(name));
    }
}
