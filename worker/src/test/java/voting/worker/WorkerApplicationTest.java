package voting.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static voting.worker.Counted.assertEachCountedOnce;
import static voting.worker.Counted.eventually;

import com.zaxxer.hikari.HikariDataSource;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;

/** The whole worker as it is started: it drains, and says on its management port whether it can. */
@ExtendWith(Stores.class)
class WorkerApplicationTest {

    private final HttpClient http = HttpClient.newHttpClient();

    @Test
    void drainsAndSaysOnItsManagementPortWhetherItCan() throws Exception {
        try (var worker = run()) {
            Vote.cast(0, Vote.of(1, "cats"));
            Vote.castRaw("*", 0, new byte[] {0}, new byte[] {0});
            eventually().until(() -> get(worker, "health/readiness").statusCode() == 200);
            eventually().until(() -> get(worker, "prometheus").body().contains("ballots_rejected_total 1.0"));
            assertThat(get(worker, "prometheus").body()).contains("ballots_counted_total 1.0");
            eventually().until(() -> get(worker, "prometheus").body().contains("tasks_scheduled_execution_seconds"));
            MetricsTable.assertDescribes(get(worker, "prometheus").body(), "worker");

            try (var redis = Stores.redis()) {
                redis.set(Vote.name(1), "x");
            }
            eventually().until(() -> get(worker, "health/readiness").statusCode() == 503);
            assertThat(get(worker, "health").body()).contains("Redis: WRONGTYPE", "\"since\"");
            assertThat(get(worker, "health/liveness").statusCode()).isEqualTo(200);

            try (var redis = Stores.redis()) {
                redis.del(Vote.name(1));
            }
            eventually().until(() -> get(worker, "health/readiness").statusCode() == 200);
        }
        assertEachCountedOnce(List.of(Vote.of(1, "cats")));
    }

    @Test
    void drainersThatWaitForANodeOfAClusterKeepTheOthersFromNothing() throws Exception {
        var waiting = new ArrayList<Connection>();
        try (var worker = run()) {
            var pool = worker.getBean(HikariDataSource.class);
            eventually().until(() -> get(worker, "health/readiness").statusCode() == 200);
            Vote.cast(0, Vote.of(1, "cats"));
            eventually().until(() -> Counted.length(0) == 0);
            assertThat(pool.getHikariPoolMXBean().getTotalConnections()).isLessThanOrEqualTo(4);

            for (int stream = 0; stream < Stores.STREAMS; stream++) {
                waiting.add(pool.getConnection());
            }
            Counted.sql("delete from worker_presence").update();
            Vote.cast(0, Vote.of(2, "dogs"));

            eventually().until(() -> Counted.length(0) == 0);
            eventually()
                    .until(() -> Counted.sql("select draining from worker_presence")
                            .query(Boolean.class)
                            .optional()
                            .orElse(false));
            assertThat(get(worker, "health/readiness").statusCode()).isEqualTo(200);
            for (var connection : waiting) {
                connection.close();
            }
        }
        assertEachCountedOnce(List.of(Vote.of(1, "cats"), Vote.of(2, "dogs")));
    }

    @Test
    void beatTellsPrometheusWhatTheTableSays() throws Exception {
        try (var beat = run("beat")) {
            eventually().until(() -> get(beat, "health/readiness").statusCode() == 200);
            eventually().until(() -> get(beat, "prometheus").body().contains("tasks_scheduled_execution_seconds"));

            MetricsTable.assertDescribes(get(beat, "prometheus").body(), "beat");
            assertThat(get(beat, "prometheus").body()).doesNotContain("audit_last_success_timestamp_seconds 0.0");
        }
    }

    private static ConfigurableApplicationContext run(String... profiles) {
        var application = new SpringApplication(WorkerApplication.class);
        application.setAdditionalProfiles(profiles);
        return application.run(
                "--postgres.host=" + Stores.HOST,
                "--postgres.port=" + Stores.postgresPort(),
                "--POSTGRES_PASSWORD=" + Stores.WORKER_PASSWORD,
                "--MANAGEMENT_SERVER_PORT=0",
                "--redis.host=" + Stores.HOST,
                "--redis.port=" + Stores.redisPort());
    }

    private HttpResponse<String> get(ConfigurableApplicationContext worker, String path) throws Exception {
        var port = worker.getEnvironment().getRequiredProperty("local.server.port");
        var request = HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/actuator/" + path));
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }
}
