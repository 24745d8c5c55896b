package voting.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static voting.worker.Counted.eventually;

import com.zaxxer.hikari.HikariDataSource;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.api.OpenTelemetry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Compose starts workers after migrate; Kubernetes starts both at once. */
@ExtendWith(Stores.class)
class StartBeforeSchemaTest {

    private static final String DATABASE = "empty";

    private HikariDataSource dataSource;
    private DrainLoop loop;

    @BeforeEach
    void startWithoutSchema() throws Exception {
        Stores.createDatabase(DATABASE);
        dataSource = Stores.newWorkerDataSource(DATABASE);
        loop = new DrainLoop(Stores.settings(), dataSource, new SimpleMeterRegistry(), OpenTelemetry.noop());
        loop.start();
    }

    @AfterEach
    void stop() throws Exception {
        loop.stop();
        dataSource.close();
        Stores.dropDatabase(DATABASE);
    }

    @Test
    void workerSaysThatItCannotDrainAndDrainsOnceTheSchemaIsThere() throws Exception {
        Vote.cast(0, Vote.of(1, "cats"));
        eventually().untilAsserted(() -> assertThat(loop.failure()).contains("stream_position"));

        Stores.migrate(DATABASE);

        var owner = JdbcClient.create(ScalingScripts.owner(DATABASE));
        eventually()
                .untilAsserted(() -> assertThat(owner.sql("select coalesce(sum(votes), 0) from tally")
                                .query(Integer.class)
                                .single())
                        .isEqualTo(1));
        eventually().until(() -> loop.failingSince() == null);
    }
}
