package voting.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RunTest {

    /** A poll without votes. */
    private static String answer(String request) {
        if (request.startsWith("GET /api/poll ")) {
            return json("{\"mode\":\"one-vote-per-browser\",\"options\":[{\"id\":\"cats\"}]}");
        }
        if (request.startsWith("GET /events ")) {
            return "HTTP/1.1 200 OK\r\n\r\nevent: tally\ndata: {\"options\":[],\"total\":0,\"asOf\":\"%s\"}\n\n"
                    .formatted(Instant.now());
        }
        return json("{\"options\":[],\"total\":0}");
    }

    private static String json(String body) {
        return "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s".formatted(body.length(), body);
    }

    @Test
    void costsCountFromTheMomentWhenTheMeasurementBegins() throws Exception {
        try (var server = new CannedServer(RunTest::answer)) {
            var address = server.endpoint("http").uri("").toString();
            var settings = LoadSettings.of(Map.of(
                    "VOTE_URL", address,
                    "RESULT_URL", address,
                    "NEW", "0",
                    "CHANGED", "0",
                    "PAGES", "100",
                    "RESULTS", "0",
                    "RATE", "200",
                    "WARMUP", "1500ms",
                    "DURATION", "300ms"));
            var lines = new ArrayList<String>();
            try (var session = new Session(settings, Access.NONE, lines::add)) {
                var step = session.run(settings);

                // A line comes each second: one in the warm-up, and none in so short a measurement.
                assertThat(lines).allMatch(line -> line.contains("(warm-up)"));
                assertThat(step.services()).containsOnlyKeys("generator");
            }
        }
    }
}
