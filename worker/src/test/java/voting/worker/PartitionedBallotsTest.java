package voting.worker;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What deploy/scaling/sql/partition-ballots.sql makes of the table, the same statements fill and recount. */
@ExtendWith(Stores.class)
class PartitionedBallotsTest {

    private static final String DATABASE = "partitioned";

    private final BallotStore store = new BallotStore();
    private final BallotStreams streams = new BallotStreams(Stores.settings());
    private final JdbcClient owner = JdbcClient.create(ScalingScripts.owner(DATABASE));
    private HikariDataSource dataSource;
    private Drainer drainer;

    @BeforeEach
    void createDatabase() throws Exception {
        Stores.createDatabase(DATABASE);
        Stores.migrate(DATABASE);
        dataSource = Stores.newWorkerDataSource(DATABASE);
        try (var connection = dataSource.getConnection()) {
            store.createPositions(connection, Stores.STREAMS);
            connection.commit();
        }
        drainer = new Drainer(
                streams, store, dataSource, Stores.settings().poll().options().ids(), Stores.drainTelemetry());
    }

    @AfterEach
    void dropDatabase() throws Exception {
        streams.close();
        dataSource.close();
        Stores.dropDatabase(DATABASE);
    }

    @Test
    void ballotsBeforeAndAfterAreCountedOnce() throws Exception {
        var votes = Vote.restless(500, 4_000);
        castAndDrain(votes.subList(0, 2_000));

        ScalingScripts.run(DATABASE, "partition-ballots.sql", Map.of());
        castAndDrain(votes.subList(2_000, 4_000));

        var last = new HashMap<UUID, String>();
        votes.forEach(vote -> last.put(vote.ballotId(), vote.choice()));
        var stored = new HashMap<UUID, String>();
        owner.sql("select id, choice from ballot").query(row -> {
            stored.put(row.getObject("id", UUID.class), row.getString("choice"));
        });
        assertThat(stored).isEqualTo(last);
        assertThat(perOption("select choice, sum(votes) from tally group by choice"))
                .isEqualTo(perOption("select choice, count(*) from ballot group by choice"));
        assertThat(owner.sql("select count(distinct tableoid) from ballot")
                        .query(Integer.class)
                        .single())
                .isEqualTo(16);
    }

    @Test
    void auditRecountsThePartitions() throws Exception {
        ScalingScripts.run(DATABASE, "partition-ballots.sql", Map.of());
        castAndDrain(IntStream.range(0, 100)
                .mapToObj(voter -> Vote.of(voter, "cats"))
                .toList());
        owner.sql("update tally set votes = votes + 7 where stream = 0").update();

        var metrics = new SimpleMeterRegistry();
        var audit = new Audit(dataSource, metrics);
        audit.run();

        assertThat(audit.health().getDetails()).isEmpty();
        assertThat(metrics.get("audit.drift").gauge().value()).isEqualTo(7);
        assertThat(owner.sql("select reltuples from pg_class where relname = 'ballot'")
                        .query(Integer.class)
                        .single())
                .as("ballots that the planner knows of")
                .isEqualTo(100);
    }

    @Test
    void migrateMayBeRepeatedAfterwards() throws Exception {
        ScalingScripts.run(DATABASE, "partition-ballots.sql", Map.of());

        Stores.migrate(DATABASE);

        castAndDrain(List.of(Vote.of(1, "cats")));
        assertThat(perOption("select choice, votes from tally")).isEqualTo(Map.of("cats", 1L));
    }

    private void castAndDrain(List<Vote> votes) throws Exception {
        Vote.cast(votes);
        for (int stream = 0; stream < Stores.STREAMS; stream++) {
            while (drainer.drainOnce(stream).counted() > 0) {}
        }
    }

    private Map<String, Long> perOption(String sql) {
        var votes = new HashMap<String, Long>();
        owner.sql(sql).query(row -> {
            votes.put(row.getString(1), row.getLong(2));
        });
        return votes;
    }
}
