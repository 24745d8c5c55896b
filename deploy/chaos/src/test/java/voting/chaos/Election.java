package voting.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import redis.clients.jedis.Jedis;
import voting.load.StoredReader;
import voting.load.Verdict;
import voting.load.Verifier;
import voting.load.VoteLog;
import voting.load.VoteLog.Outcome;
import voting.local.LocalSettings;
import voting.local.LocalSystem;

/** The whole system on a Redis that the test brings along, and what its voters were told. */
final class Election implements AutoCloseable {

    static final int STREAMS = 4;

    private static final List<String> OPTIONS = List.of("cats", "dogs", "birds");
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long SEED = 8;

    private final Map<String, String> variables;
    private final LocalSystem system;
    private final StoredReader stored;
    private final HttpClient http = HttpClient.newHttpClient();
    private final KeptAlive worker;
    private VoteLog log;
    private Crowd crowd;

    /**
     * Returns when all is ready.
     *
     * @param redis the variables that say where Redis is
     */
    Election(Path directory, Map<String, String> redis) {
        LocalStage.delete(directory);
        variables = new HashMap<>(redis);
        variables.put("REDIS_HOST", "");
        variables.put("REDIS_PASSWORD", RedisProcess.PASSWORD);
        system = new LocalSystem(LocalSettings.onFreePorts(directory, Chaos.VARIABLES)
                .withOverrides(Map.of("vote", variables, "worker", variables)));
        system.start(progress -> {});
        worker = new KeptAlive(system.worker(), true);
        stored = new StoredReader(
                system.postgres().jdbcUrl(), "postgres", "", system.result().uri(), Optional.empty());
    }

    /** As if nobody had voted yet. */
    void begin() throws SQLException {
        resumeWorker();
        log = new VoteLog();
        try (var connection = DriverManager.getConnection(system.postgres().jdbcUrl());
                var statement = connection.createStatement()) {
            statement.execute("truncate ballot, tally, votes_per_minute, rejected_entry");
        }
    }

    /** Starts vote again, with these variables on top. */
    void restartVote(Map<String, String> variables) {
        system.vote().stop();
        system.vote().start(variables);
        system.vote().awaitReady();
    }

    void gatherCrowd() {
        crowd = new Crowd(log, new Pulse());
        crowd.gather(SEED, OPTIONS, system.vote().uri());
        awaitMore(Outcome.ACKNOWLEDGED);
    }

    void crowdGoesHome() throws InterruptedException {
        assertThat(crowd.goHome()).isTrue();
    }

    /** More than what may have been under way. */
    void awaitMore(Outcome outcome) {
        var before = log.count(outcome);
        await().atMost(PATIENCE).until(() -> log.count(outcome) > before + 100);
    }

    long count(Outcome outcome) {
        return log.count(outcome);
    }

    void pauseWorker() {
        worker.pause();
    }

    void resumeWorker() {
        worker.resume();
    }

    /** One more; it stays until the end. */
    void startAnotherWorker() {
        system.addWorker(variables).start();
    }

    /** One vote of a new voter; returns whether it was acknowledged. */
    boolean cast(UUID voter) throws IOException, InterruptedException {
        return cast(voter, "dogs");
    }

    boolean cast(UUID voter, String choice) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(system.vote().uri())
                .header("Cookie", "voter_id=" + voter)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(BodyPublishers.ofString("vote=" + choice))
                .build();
        var start = System.nanoTime();
        var status = http.send(request, BodyHandlers.discarding()).statusCode();
        var outcome = status == 303 ? Outcome.ACKNOWLEDGED : Outcome.UNCONFIRMED;
        log.record(voter, choice, start, System.nanoTime(), outcome);
        return outcome == Outcome.ACKNOWLEDGED;
    }

    static int streamOf(UUID voter) {
        return Math.floorMod(voter.getLeastSignificantBits(), STREAMS);
    }

    static String name(int stream) {
        return "votes:{%d}".formatted(stream);
    }

    /** How far the worker has read a stream. */
    String positionOf(int stream) throws SQLException {
        try (var connection = DriverManager.getConnection(system.postgres().jdbcUrl());
                var statement = connection.createStatement();
                var row = statement.executeQuery("select entry_id from stream_position where stream = " + stream)) {
            row.next();
            return row.getString(1);
        }
    }

    /** Waits until everything that was accepted is counted and shown, and compares it with what the voters were told. */
    Verdict verdict(Predicate<String> isDrained) throws IOException, InterruptedException {
        await().atMost(PATIENCE)
                .until(() ->
                        IntStream.range(0, STREAMS).mapToObj(Election::name).allMatch(isDrained));
        assertThat(stored.awaitSettled(PATIENCE)).isTrue();
        return Verifier.verify(log, stored.read(), List.of());
    }

    /** Whether a stream holds nothing, at the Redis that has it now. */
    static boolean isEmpty(Jedis redis, String stream) {
        return redis.xlen(stream) == 0;
    }

    HttpResponse<String> workerReadiness() throws IOException, InterruptedException {
        var readiness = system.worker().managementUri().resolve("/actuator/health/readiness");
        return http.send(HttpRequest.newBuilder(readiness).build(), BodyHandlers.ofString());
    }

    @Override
    public void close() {
        worker.resume();
        worker.close();
        system.close();
        http.shutdownNow();
    }
}
