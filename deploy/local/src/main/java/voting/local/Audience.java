package voting.local;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * {@code make demo AUDIENCE=200}: simulated voters who vote, and change their minds, at a gentle rate, so that the pages
 * move while somebody presents. What stops is waited for; a poll that is closed ends it.
 */
final class Audience implements AutoCloseable {

    /** How long a voter takes on average until the next vote: 200 of them cast 7 votes a second. */
    static final Duration HESITATION = Duration.ofSeconds(30);

    /** After a vote that was not taken. */
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    /** In which the favour moves once through all options. */
    private static final Duration FASHION = Duration.ofMinutes(2);

    private static final Pattern OPTION_ID = Pattern.compile("\"id\":\"([a-z0-9-]+)\"");
    private static final int ACCEPTED = 202;
    private static final int CLOSED = 409;

    private final HttpClient http = HttpClient.newHttpClient();
    private final URI vote;
    private final List<UUID> voters;
    private final Duration pause;
    private final Thread thread;

    /** It begins at once. */
    Audience(URI vote, int size, Duration hesitation) {
        this.vote = vote;
        this.voters = Stream.generate(UUID::randomUUID).limit(size).toList();
        this.pause = hesitation.dividedBy(size);
        this.thread = Thread.ofVirtual().name("audience").start(this::run);
    }

    /** How many voters the variable AUDIENCE asks for; none by default. */
    static int size(Map<String, String> environment) {
        var value = environment.getOrDefault("AUDIENCE", "");
        if (value.isBlank()) {
            return 0;
        }
        if (value.matches("\\d{1,4}")) {
            return Integer.parseInt(value);
        }
        throw new LaunchException("AUDIENCE must be a number of voters from 0 to 9999, not \"%s\".".formatted(value));
    }

    private void run() {
        try {
            for (var status = ACCEPTED; status != CLOSED; ) {
                Thread.sleep(status == ACCEPTED ? untilTheNextVote() : PATIENCE);
                status = castOne();
            }
        } catch (InterruptedException ignored) {
            Thread.currentThread().interrupt(); // the demo ends
        }
    }

    /** Independent voters come at random, not in step. */
    private Duration untilTheNextVote() {
        var factor = -Math.log(1 - ThreadLocalRandom.current().nextDouble());
        return Duration.ofNanos((long) (factor * pause.toNanos()));
    }

    private int castOne() throws InterruptedException {
        var voter = voters.get(ThreadLocalRandom.current().nextInt(voters.size()));
        try {
            var request = HttpRequest.newBuilder(vote.resolve("/api/votes"))
                    .timeout(Duration.ofSeconds(5))
                    .header("Content-Type", "application/json")
                    .header("Cookie", "voter_id=" + voter)
                    .POST(BodyPublishers.ofString("{\"choice\":\"%s\"}".formatted(choose(options()))))
                    .build();
            return http.send(request, BodyHandlers.discarding()).statusCode();
        } catch (IOException e) {
            return 0; // vote is away, as demos have it
        }
    }

    /** Asked each time: the poll may be another one after a restart. */
    private List<String> options() throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(vote.resolve("/api/poll"))
                .timeout(Duration.ofSeconds(5))
                .build();
        var ids = OPTION_ID
                .matcher(http.send(request, BodyHandlers.ofString()).body())
                .results()
                .map(id -> id.group(1))
                .toList();
        if (ids.isEmpty()) {
            throw new IOException("No options");
        }
        return ids;
    }

    /** Each option is in favour for a while. */
    private static String choose(List<String> options) {
        var turn = 2 * Math.PI * (System.nanoTime() % FASHION.toNanos()) / FASHION.toNanos();
        var chosen = options.getFirst();
        var highest = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < options.size(); i++) {
            var fashion = Math.sin(turn + 2 * Math.PI * i / options.size());
            var appeal = fashion + 1.5 * ThreadLocalRandom.current().nextGaussian(); // tastes differ
            if (appeal > highest) {
                highest = appeal;
                chosen = options.get(i);
            }
        }
        return chosen;
    }

    @Override
    public void close() {
        thread.interrupt();
        http.shutdownNow();
    }
}
