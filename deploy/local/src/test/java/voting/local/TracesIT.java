package voting.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** With a collector, a vote can be followed from its post to the batch that counted it and to the push. */
class TracesIT {

    private static final Queue<Reported> spans = new ConcurrentLinkedQueue<>();

    private static HttpServer collector;
    private static LocalSystem system;

    /** A span, and the service that reported it. */
    private record Reported(String service, Span span) {}

    @BeforeAll
    static void startCollectorAndSystem() throws IOException {
        collector = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        collector.createContext("/v1/traces", exchange -> {
            try (exchange) {
                var request = ExportTraceServiceRequest.parseFrom(exchange.getRequestBody());
                for (var ofService : request.getResourceSpansList()) {
                    var name = ofService.getResource().getAttributesList().stream()
                            .filter(attribute -> attribute.getKey().equals("service.name"))
                            .findFirst()
                            .orElseThrow()
                            .getValue()
                            .getStringValue();
                    ofService
                            .getScopeSpansList()
                            .forEach(ofScope ->
                                    ofScope.getSpansList().forEach(span -> spans.add(new Reported(name, span))));
                }
                exchange.sendResponseHeaders(200, -1);
            }
        });
        collector.start();
        var variables = new HashMap<>(SharedSystem.QUICK_TO_START);
        variables.put(
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                "http://localhost:" + collector.getAddress().getPort());
        variables.put("OTEL_TRACES_SAMPLER_ARG", "1");
        system = LocalSystem.started(LocalSettings.onFreePorts(SharedSystem.emptyDirectory("traces"), variables));
    }

    @AfterAll
    static void stop() {
        if (system != null) {
            system.close();
        }
        collector.stop(0);
    }

    @Test
    void voteIsLinkedToItsBatchAndTheBatchIsFollowedByItsPush() throws IOException {
        assertThat(Voter.of(system).choose("cats").statusCode()).isEqualTo(303);

        await().until(() -> spans.stream().map(Reported::service).distinct().count() == 3);
        var vote = span("vote", "cast vote");
        var batch = span("worker", "count batch");
        var push = span("result", "push tally");
        assertThat(vote.getParentSpanId()).isEqualTo(ByteString.EMPTY);
        assertThat(batch.getLinksList()).singleElement().satisfies(link -> {
            assertThat(link.getTraceId()).isEqualTo(vote.getTraceId());
            assertThat(link.getSpanId()).isEqualTo(vote.getSpanId());
        });
        assertThat(push.getTraceId()).isEqualTo(batch.getTraceId());
        assertThat(push.getParentSpanId()).isEqualTo(batch.getSpanId());
        assertThat(vote.getStartTimeUnixNano()).isLessThan(batch.getEndTimeUnixNano());
        assertThat(batch.getStartTimeUnixNano()).isLessThan(push.getEndTimeUnixNano());
    }

    private static Span span(String service, String name) {
        return spans.stream()
                .filter(reported -> reported.service().equals(service))
                .map(Reported::span)
                .filter(span -> span.getName().equals(name))
                .findFirst()
                .orElseThrow();
    }
}
