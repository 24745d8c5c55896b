package voting.chaos;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import voting.load.VoteLog.Outcome;

/**
 * A person with a browser or a program: votes, changes their mind, tries again when told to. What they do follows from
 * their random numbers and from what they are answered.
 */
final class Voter implements Runnable {

    /** Longer than the two seconds after which vote answers 503 by itself. */
    private static final Duration PATIENCE = Duration.ofSeconds(4);

    /** vote asks for two seconds with {@code Retry-After}; people are impatient. */
    private static final int SHORTEST_RETRY_MILLIS = 500;

    private static final int LONGEST_RETRY_MILLIS = 2_000;

    private static final int LONGEST_THOUGHT_MILLIS = 3_000;

    private static final double CHANGES_MIND = 0.4;
    private static final double CLICKS_TWICE = 0.03;
    private static final double USES_A_PROGRAM = 0.3;

    /** After each failure. */
    private static final double GIVES_UP = 0.05;

    private final UUID id;
    private final Random random;
    private final List<String> options;
    private final URI vote;
    private final HttpClient http;
    private final Crowd crowd;

    Voter(Random random, List<String> options, URI vote, HttpClient http, Crowd crowd) {
        this.random = random;
        this.options = options;
        this.vote = vote;
        this.http = http;
        this.crowd = crowd;
        this.id = new UUID(random.nextLong() & ~0xF000L | 0x4000L, random.nextLong() >>> 2 | Long.MIN_VALUE);
    }

    @Override
    public void run() {
        try {
            do {
                insistOn(anyOption());
                Thread.sleep(random.nextInt(LONGEST_THOUGHT_MILLIS));
            } while (random.nextDouble() < CHANGES_MIND && !crowd.isGoingHome());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void insistOn(String choice) throws InterruptedException {
        if (random.nextDouble() < CLICKS_TWICE) {
            var other = request(anyOption(), false);
            Thread.ofVirtual().start(() -> attempt(other)).join(Duration.ofMillis(random.nextInt(10)));
        }
        var byProgram = random.nextDouble() < USES_A_PROGRAM;
        while (attempt(request(choice, byProgram)) != Outcome.ACKNOWLEDGED && random.nextDouble() >= GIVES_UP) {
            Thread.sleep(random.nextInt(SHORTEST_RETRY_MILLIS, LONGEST_RETRY_MILLIS));
        }
    }

    private String anyOption() {
        return options.get(random.nextInt(options.size()));
    }

    private record Attempt(String choice, HttpRequest request) {}

    private Attempt request(String choice, boolean byProgram) {
        var request = HttpRequest.newBuilder(vote.resolve(byProgram ? "/api/votes" : "/"))
                .timeout(PATIENCE)
                .header("Cookie", "voter_id=" + id);
        if (byProgram) {
            request.header("Content-Type", "application/json")
                    .POST(BodyPublishers.ofString("{\"choice\":\"%s\"}".formatted(choice)));
        } else {
            request.header("Content-Type", "application/x-www-form-urlencoded")
                    .POST(BodyPublishers.ofString("vote=" + choice));
        }
        return new Attempt(choice, request.build());
    }

    private Outcome attempt(Attempt attempt) {
        var started = System.nanoTime();
        var outcome = send(attempt.request);
        crowd.record(id, attempt.choice, started, outcome);
        return outcome;
    }

    private Outcome send(HttpRequest request) {
        try {
            HttpResponse<Void> response = http.send(request, BodyHandlers.discarding());
            return crowd.outcome(response.statusCode());
        } catch (IOException e) {
            return Outcome.UNCONFIRMED;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Outcome.UNCONFIRMED;
        }
    }
}
