package voting.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every ballot is counted once, whatever happens to the workers and however many there are. */
class WorkersIT {

    private static final int BALLOTS = 20_000;
    private static final int VOTERS = 3_000;
    private static final Predicate<String> COUNTED_SOME =
            Pattern.compile("ballots_counted_total(\\{.*})? [1-9].*").asMatchPredicate();

    private final LocalSystem system = SharedSystem.get();
    private final Outcome outcome = new Outcome(system);

    @AfterEach
    void restoreTheOneWorker() throws SQLException {
        run(1);
        outcome.clear();
    }

    @Test
    void workerKilledAgainAndAgainDuringADrainCountsEveryBallotOnce() throws Exception {
        system.worker().stop();
        var ballots = Streams.ballots(BALLOTS);
        new Streams(system).append(ballots);

        for (int i = 0; i < 2; i++) {
            killInsideATransaction();
            killAfterACommit();
            assertThat(outcome.tally()).isEqualTo(outcome.recount());
        }
        assertThat(outcome.count("ballot")).isBetween(1L, BALLOTS - 1L);

        system.worker().start();
        outcome.becomes(ballots);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4})
    void severalWorkersOnTheSameStreamsCountEachBallotOnce(int workers) throws Exception {
        run(workers);
        var ballots = new HashMap<UUID, String>();

        await().pollDelay(Duration.ZERO).atMost(Duration.ofMinutes(1)).until(() -> {
            var more = Streams.ballots(BALLOTS / 4);
            new Streams(system).append(more);
            ballots.putAll(more);
            return ballots.size() >= BALLOTS && everyWorkerHasCounted(workers);
        });

        outcome.becomes(ballots);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4})
    void lastChoiceOfEachVoterWinsWithSeveralWorkers(int workers) throws Exception {
        run(workers);
        var lastChoices = new ConcurrentHashMap<UUID, String>();

        try (var threads = Executors.newFixedThreadPool(50, Thread.ofVirtual().factory())) {
            for (int i = 0; i < VOTERS; i++) {
                var last = i % 2 == 0 ? "cats" : "dogs";
                threads.submit(() -> {
                    var voter = Voter.of(system);
                    changeMind(voter, last);
                    return lastChoices.put(voter.id(), last);
                });
            }
        }

        assertThat(lastChoices).hasSize(VOTERS);
        outcome.becomes(lastChoices);
    }

    private static void changeMind(Voter voter, String last) throws IOException {
        var first = last.equals("cats") ? "dogs" : "cats";
        assertThat(voter.choose(first).statusCode()).isEqualTo(303);
        assertThat(voter.choose(last).statusCode()).isEqualTo(303);
    }

    /** The ballots' table is locked, so that the worker stops between reading a batch and committing it. */
    private void killInsideATransaction() throws SQLException {
        var before = outcome.count("ballot");
        try (var connection = DriverManager.getConnection(system.postgres().jdbcUrl());
                var statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("lock table ballot in share mode");
            system.worker().start();
            await().atMost(Duration.ofMinutes(1)).until(this::workerWaitsForALock);
            system.worker().kill();
        }
        assertThat(outcome.count("ballot")).isEqualTo(before);
    }

    private void killAfterACommit() throws SQLException {
        var before = outcome.count("ballot");
        system.worker().start();
        await().atMost(Duration.ofMinutes(1))
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(1))
                .until(() -> outcome.count("ballot") > before);
        system.worker().kill();
    }

    private boolean everyWorkerHasCounted(int workers) throws IOException {
        for (var worker : system.workers().subList(0, workers)) {
            var metrics = Voter.get(worker.managementUri().resolve("/actuator/prometheus"))
                    .body();
            if (metrics.lines().noneMatch(COUNTED_SOME)) {
                return false;
            }
        }
        return true;
    }

    private boolean workerWaitsForALock() throws SQLException {
        return outcome.count("pg_stat_activity where usename = 'worker' and wait_event_type = 'Lock'") > 0;
    }

    /** So many workers, no more and no fewer. */
    private void run(int count) {
        while (system.workers().size() < count) {
            system.addWorker(Map.of());
        }
        var workers = system.workers();
        workers.stream().skip(count).forEach(Service::stop);
        var wanted = workers.stream().limit(count).toList();
        wanted.stream().filter(worker -> !worker.isRunning()).forEach(Service::start);
        wanted.forEach(Service::awaitReady);
    }
}
