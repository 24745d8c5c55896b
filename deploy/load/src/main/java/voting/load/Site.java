package voting.load;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The two addresses that everybody can reach, asked now and then. */
final class Site implements AutoCloseable {

    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final JsonMapper JSON = new JsonMapper();

    private final Endpoint vote;
    private final Endpoint result;
    private final HttpClient http;

    Site(Endpoint vote, Endpoint result, boolean insecure) {
        this.vote = vote;
        this.result = result;
        this.http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(TIMEOUT)
                .sslContext(Wires.context(insecure))
                .build();
    }

    record Results(Map<String, Long> votes, long total) {}

    /** The ids of the options; a poll that counts every click cannot be verified voter by voter. */
    List<String> options() {
        var poll = get(vote, "/api/poll");
        if (!poll.get("mode").asString().equals("one-vote-per-browser")) {
            throw new LoadException(
                    "The poll has POLL_MODE=%s: start it with one-vote-per-browser to verify the run.",
                    poll.get("mode").asString());
        }
        var ids = new ArrayList<String>();
        poll.get("options").forEach(option -> ids.add(option.get("id").asString()));
        return ids;
    }

    Results results() {
        var results = get(result, "/api/results");
        var votes = new TreeMap<String, Long>();
        results.get("options")
                .forEach(option -> votes.put(
                        option.get("id").asString(), option.get("votes").asLong()));
        return new Results(votes, results.get("total").asLong());
    }

    @Override
    public void close() {
        http.close();
    }

    private JsonNode get(Endpoint server, String path) {
        var uri = server.uri(path);
        try {
            var request = HttpRequest.newBuilder(uri).timeout(TIMEOUT).build();
            var response = http.send(request, BodyHandlers.ofString());
            if (response.statusCode() == 200) {
                return JSON.readTree(response.body());
            }
            throw new LoadException(
                    "%s answers %d: is this the address of the voting app?", uri, response.statusCode());
        } catch (IOException e) {
            throw new LoadException("%s does not answer (%s): is the system running? `make demo` starts one.", uri, e);
        } catch (JacksonException e) {
            throw new LoadException("%s answers something that is no JSON: is this the voting app?", uri);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LoadException("Interrupted.");
        }
    }
}
