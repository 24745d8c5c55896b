package voting.vote;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** In production all that the service says is one JSON object per line: its start, its errors, its stop. */
class JsonLogTest {

    @Test
    void errorIsOneLineWithItsStackTraceAndTheTraceOfTheVote() throws IOException, InterruptedException {
        var settings = Map.of(
                "REDIS_PORT", String.valueOf(TestRedis.shared().port()),
                "OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1",
                "OTEL_TRACES_SAMPLER_ARG", "1",
                // So that the page of an error cannot be shown, which is an error with a long stack trace.
                "SPRING_THYMELEAF_PREFIX", "classpath:/absent/",
                "SPRING_WEB_ERROR_WHITELABEL_ENABLED", "false");
        try (var log = ProcessLog.of(ProcessLog.JSON, settings)) {
            log.await("Started VoteApplication");

            post("vote=birds", log.await("Tomcat started on port").replaceFirst(".*on port (\\d+).*", "$1"));

            var error = log.awaitObject(line -> line.has("error") && line.has("trace"));
            assertThat(error.at("/error/type").asString()).endsWith("Exception");
            assertThat(error.at("/error/stack_trace").asString()).contains("\n\tat ");
            assertThat(error.at("/trace/id").asString()).matches("[0-9a-f]{32}");
            log.stop();
            assertThat(log.objects()).hasSizeGreaterThan(5);
        }
    }

    @Test
    void startThatIsRefusedSaysWhyInJson() throws IOException, InterruptedException {
        try (var log = ProcessLog.of(ProcessLog.JSON, Map.of("POLL_OPTIONS", "only=One"))) {
            assertThat(log.awaitEnd()).isNotZero();

            assertThat(log.objects())
                    .anyMatch(line -> line.at("/message").asString().contains("POLL_OPTIONS must be 2 to 10"));
        }
    }

    private static void post(String vote, String port) throws IOException, InterruptedException {
        HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port))
                                .header("Content-Type", "application/x-www-form-urlencoded")
                                .POST(BodyPublishers.ofString(vote))
                                .build(),
                        BodyHandlers.discarding());
    }
}
