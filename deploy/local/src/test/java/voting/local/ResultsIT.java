package voting.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Several instances of result, each with a connection of its own to listen on. */
class ResultsIT {

    private static final int INSTANCES = 3;
    private static final int VIEWERS_OF_EACH = 50;
    private static final int VOTES = 20;
    private static final Pattern TOTAL = Pattern.compile("^data:.*\"total\":(\\d+)");

    private final LocalSystem system = SharedSystem.get();
    private final Outcome outcome = new Outcome(system);

    /** By viewer: the newest total. */
    private final Map<String, Integer> seen = new ConcurrentHashMap<>();

    @AfterEach
    void restoreTheOneInstance() throws SQLException {
        system.results().stream().skip(1).forEach(Service::stop);
        outcome.clear();
    }

    @Test
    void viewersOfAllInstancesSeeTheSameTally() throws Exception {
        while (system.results().size() < INSTANCES) {
            system.addResult();
        }
        system.results().stream().skip(1).forEach(Service::start);
        system.results().forEach(Service::awaitReady);
        try (var http = HttpClient.newHttpClient()) {
            for (var instance : system.results()) {
                for (int i = 0; i < VIEWERS_OF_EACH; i++) {
                    watch(http, instance.uri(), instance.name() + "/" + i);
                }
            }
            await().atMost(Duration.ofSeconds(30)).until(() -> seen.size() == INSTANCES * VIEWERS_OF_EACH);

            var votes = new HashMap<UUID, String>();
            while (votes.size() < VOTES) {
                var voter = Voter.of(system);
                assertThat(voter.choose("cats").statusCode()).isEqualTo(303);
                votes.put(voter.id(), "cats");
            }

            await().atMost(Duration.ofSeconds(30))
                    .until(() -> Set.copyOf(seen.values()).equals(Set.of(VOTES)));
            outcome.becomes(votes);
            http.shutdownNow();
        }
    }

    private void watch(HttpClient http, URI result, String viewer) {
        var events = HttpRequest.newBuilder(result.resolve("/events")).build();
        http.sendAsync(events, BodyHandlers.ofLines())
                .thenAcceptAsync(
                        answer -> answer.body().forEach(line -> {
                            var total = TOTAL.matcher(line);
                            if (total.find()) {
                                seen.put(viewer, Integer.valueOf(total.group(1)));
                            }
                        }),
                        task -> Thread.ofVirtual().start(task));
    }
}
