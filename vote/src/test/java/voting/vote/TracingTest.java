package voting.vote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.prometheus.metrics.tracer.common.SpanContext;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** Votes are traced when somebody asks for it; and no collector, however bad, keeps one from being accepted. */
@ExtendWith(OutputCaptureExtension.class)
class TracingTest {

    private static final String TRACEPARENT = "00-[0-9a-f]{32}-[0-9a-f]{16}-01";

    private final TestRedis redis = TestRedis.shared();

    @BeforeEach
    void clear() {
        redis.clear();
    }

    @Test
    void withoutAnEndpointNothingIsTracedAndNothingRunsForIt() {
        var server = VoteServer.shared();

        assertThat(server.postForm("vote=cats", "traceparent", "00-" + "a".repeat(32) + "-" + "b".repeat(16) + "-01")
                        .statusCode())
                .isEqualTo(303);

        assertThat(traceParents()).isEmpty();
        assertThat(server.has(SpanContext.class)).isFalse();
        assertThat(server.has(OpenTelemetrySdk.class)).isFalse(); // whose are all threads
    }

    @Test
    void tracedVoteCarriesItsTraceIntoTheStreamAndAnExemplar(CapturedOutput output) throws IOException {
        var collector = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        var received = new CountDownLatch(1);
        collector.createContext("/v1/traces", exchange -> {
            try (exchange) {
                received.countDown();
                exchange.sendResponseHeaders(200, -1);
            }
        });
        collector.start();
        try (var server = traced("http://127.0.0.1:" + collector.getAddress().getPort())) {
            server.postForm("vote=cats");

            assertThat(traceParents()).singleElement().asString().matches(TRACEPARENT);
            var traceId = traceParents().getFirst().substring(3, 35);
            assertThat(server.management("/actuator/prometheus", "Accept", "application/openmetrics-text")
                            .body())
                    .containsPattern("http_server_requests_seconds_bucket\\{.*uri=\"/\".*# \\{.*" + traceId);
            await().until(() -> received.getCount() == 0);
        } finally {
            collector.stop(0);
        }
        assertThat(warnings(output)).isEmpty();
    }

    @Test
    void readableLineOfAVoteNamesItsTraceAndOthersNone(CapturedOutput output) {
        var settings = Map.of(
                "OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1",
                "OTEL_TRACES_SAMPLER_ARG", "1",
                // So that the page of an error cannot be shown, which is an error to log.
                "SPRING_THYMELEAF_PREFIX", "classpath:/absent/",
                "SPRING_WEB_ERROR_WHITELABEL_ENABLED", "false");
        try (var server = VoteServer.start(settings)) {
            server.postForm("vote=birds");
        }

        assertThat(output).containsPattern("ERROR .*\\[[0-9a-f]{32}] org.thymeleaf.TemplateEngine +: ");
        assertThat(output.toString().lines().filter(line -> line.contains("Tomcat started on port")))
                .isNotEmpty()
                .allSatisfy(line -> assertThat(line).containsPattern("\\[ +main] o.s.boot.tomcat.TomcatWebServer +: "));
    }

    @Test
    void collectorThatIsAwayIsOneWarning(CapturedOutput output) {
        try (var server = traced("http://127.0.0.1:1")) {
            vote(server);
            await().until(() -> !warnings(output).isEmpty());
            vote(server);
        }

        assertThat(warnings(output))
                .singleElement()
                .asString()
                .startsWith("Traces do not reach the collector of OTEL_EXPORTER_OTLP_ENDPOINT");
    }

    @Test
    void collectorThatNeverAnswersDelaysNoVoteAndNoStop(CapturedOutput output) throws IOException {
        try (var silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            var server = traced("http://127.0.0.1:" + silent.getLocalPort());
            vote(server);
            await().atMost(Duration.ofSeconds(20)).until(() -> !warnings(output).isEmpty());
            vote(server);

            var start = System.nanoTime();
            server.close();

            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(8));
        }
    }

    @Test
    void endpointThatIsNoAddressIsOneWarningAndVotesAreTaken(CapturedOutput output) {
        try (var server = traced("collector:4318")) {
            vote(server);
        }

        assertThat(warnings(output)).singleElement().asString().startsWith("There are no traces: ");
    }

    private static void vote(VoteServer server) {
        assertThat(server.postForm("vote=cats").statusCode()).isEqualTo(303);
    }

    private static VoteServer traced(String endpoint) {
        return VoteServer.start(Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint, "OTEL_TRACES_SAMPLER_ARG", "1"));
    }

    private List<String> traceParents() {
        return redis.valuesOf("traceparent");
    }

    /** What the console shows: starting a server takes every other listener away. */
    private static List<String> warnings(CapturedOutput output) {
        return output.toString()
                .lines()
                .filter(line -> line.contains(" WARN ") && line.contains(Tracing.class.getName()))
                .map(line -> line.substring(line.indexOf(" : ") + 3))
                .toList();
    }
}
