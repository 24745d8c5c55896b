package voting.result;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** In production all that the service says is one JSON object per line: its start, its errors, its stop. */
class JsonLogTest {

    @Test
    void errorIsOneLineWithItsStackTrace() throws IOException, InterruptedException {
        var withoutPages = Map.of("SPRING_THYMELEAF_PREFIX", "classpath:/absent/");
        try (var log = ProcessLog.of(ProcessLog.JSON, withoutPages)) {
            log.await("Started ResultApplication");

            get(log.await("Netty started on port").replaceFirst(".*on port (\\d+).*", "$1"));

            var error = log.awaitObject(line -> line.has("error"));
            assertThat(error.at("/error/type").asString()).endsWith("Exception");
            assertThat(error.at("/error/stack_trace").asString()).contains("\n\tat ");
            log.stop();
            assertThat(log.objects()).hasSizeGreaterThan(3);
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

    private static void get(String port) throws IOException, InterruptedException {
        HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port))
                                .build(),
                        BodyHandlers.discarding());
    }
}
