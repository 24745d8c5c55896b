package voting.local;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.UUID;

/** A browser that has voted before: it brings the cookie that says who it is. */
record Voter(UUID id, URI vote) {

    private static final HttpClient HTTP = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();

    static Voter of(LocalSystem system) {
        return new Voter(UUID.randomUUID(), system.vote().uri());
    }

    static HttpResponse<String> get(URI uri) throws IOException {
        return send(HttpRequest.newBuilder(uri));
    }

    /** 303 means: on disk. */
    HttpResponse<String> choose(String choice) throws IOException {
        return postForm("vote=" + choice);
    }

    HttpResponse<String> postForm(String form) throws IOException {
        return send(HttpRequest.newBuilder(vote.resolve("/"))
                .header("Cookie", "voter_id=" + id)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(BodyPublishers.ofString(form)));
    }

    /** 202 means: on disk. */
    HttpResponse<String> chooseByApi(String choice) throws IOException {
        return send(HttpRequest.newBuilder(vote.resolve("/api/votes"))
                .header("Cookie", "voter_id=" + id)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString("{\"choice\":\"%s\"}".formatted(choice))));
    }

    /** Whether the vote was confirmed; a connection that breaks confirms nothing. */
    boolean isAccepted(String choice) {
        try {
            var status = choose(choice).statusCode();
            if (status != 303 && status != 503) {
                throw new AssertionError("Unexpected answer " + status);
            }
            return status == 303;
        } catch (IOException e) {
            return false;
        }
    }

    private static HttpResponse<String> send(HttpRequest.Builder request) throws IOException {
        try {
            return HTTP.send(request.timeout(Duration.ofSeconds(30)).build(), BodyHandlers.ofString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("Interrupted", e);
        }
    }
}
