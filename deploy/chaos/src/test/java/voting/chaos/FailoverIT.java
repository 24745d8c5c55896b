package voting.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static voting.chaos.PostgresPair.PATIENCE;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import voting.load.Verdict;
import voting.load.VoteLog.Outcome;
import voting.local.LocalPostgres;
import voting.local.Service;

/** The primary is lost and its standby promoted while people vote: worker and result go on by themselves. */
class FailoverIT {

    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private final PostgresPair pair = PostgresPair.shared();
    private final Voting voting = new Voting(pair);

    @AfterEach
    void sendEverybodyHome() throws InterruptedException {
        voting.dismiss();
    }

    @Test
    void noVoteIsLostOrDoubledWhenThePrimaryIsKilledAndItsSynchronousStandbyPromoted() throws Exception {
        pair.restore(true);
        voting.begin();
        voting.awaitMoreCounted(500);
        var onTheStandbyAlone = pair.startWorker(pair.address(pair.standby()));
        await().atMost(PATIENCE).until(() -> readiness(onTheStandbyAlone).contains("POSTGRES_HOST names no primary"));

        var killed = System.nanoTime();
        pair.primary().kill();
        promoteAndAwaitUse("killed", killed);

        onTheStandbyAlone.awaitReady();
        onTheStandbyAlone.stop();
        assertThat(voting.end()).matches(Verdict::passed);
    }

    @Test
    void primaryThatFreezesIsLeftAndWhenItWakesUpCommitsNothing() throws Exception {
        pair.restore(true);
        voting.begin();
        voting.awaitMoreCounted(500);
        var old = pair.primary();

        try (var process = new KeptAlive(old, false)) {
            var frozen = System.nanoTime();
            process.pause();
            promoteAndAwaitUse("frozen", frozen);
            process.resume();
        }

        // A commit that the standby had confirmed before the freeze is seen now, rightly.
        await().atMost(PATIENCE).until(() -> PostgresPair.number(old, "select count(*) from pg_stat_replication") == 0);
        var counted = ballots(old);
        var awake = Instant.now();
        var onTheOldOne = pair.startWorker(pair.address(old) + "," + pair.address(pair.primary()));
        await().atMost(PATIENCE).until(() -> aCommitWaits(old, awake));
        assertThat(ballots(old)).isEqualTo(counted);
        old.kill();
        onTheOldOne.awaitReady();
        onTheOldOne.stop();
        assertThat(voting.end()).matches(Verdict::passed);
    }

    @Test
    void primaryThatRestartsTrimsNothingThatItsSynchronousStandbyDoesNotHave() throws Exception {
        pair.restore(true);
        pair.standby().kill();
        voteOnce();
        await().atMost(PATIENCE).until(() -> aCommitWaits(pair.primary(), Instant.EPOCH));

        // Postgres now shows what it had written before it could tell anybody that it is committed.
        pair.primary().kill();
        pair.primary().start();
        await().atMost(PATIENCE).until(() -> aCommitWaits(pair.primary(), Instant.EPOCH));

        pair.primary().kill();
        pair.standby().start();
        pair.promoteTheStandby();
        assertThat(voting.verify()).matches(Verdict::passed);
    }

    @Test
    void asynchronousStandbyLosesWhatWasTrimmedAndTellsHowMuch() throws Exception {
        pair.restore(false);
        pair.standby().kill();
        voting.begin();
        voting.awaitMoreCounted(500);
        assertThat(voting.end()).matches(Verdict::passed);
        var trimmed = voting.log().size();

        pair.primary().kill();
        voting.begin();
        voting.awaitMoreAcknowledged(500);
        pair.standby().start();
        pair.promoteTheStandby();
        var verdict = voting.end();

        assertThat(voting.log().count(Outcome.ACKNOWLEDGED))
                .isEqualTo(voting.log().size());
        assertThat(PostgresPair.number(pair.primary(), "select sum(entries_missing) from stream_position"))
                .isEqualTo(trimmed);
        // What was still in the streams is counted.
        assertThat(verdict.lost() + verdict.ballots()).isEqualTo(voting.voters());
        assertThat(verdict.lost()).isBetween(500L, (long) trimmed);
    }

    private void promoteAndAwaitUse(String what, long lostNanos) throws Exception {
        pair.promoteTheStandby();
        var promoted = System.nanoTime();
        try (var monitor = new Monitor(pair.system().result().uri(), pair.stored(), voting.pulse())) {
            monitor.start();
            assertThat(voting.pulse().awaitAfter(Use.SHOWING, promoted, PATIENCE))
                    .isTrue();
            var shown = System.nanoTime();
            assertThat(voting.pulse().awaitAfter(Use.COUNTING, promoted, PATIENCE))
                    .isTrue();
            System.out.printf(
                    "Primary %s: standby promoted after %,d ms; from then on shown after %,d ms, counted after %,d ms%n",
                    what, millis(promoted - lostNanos), millis(shown - promoted), millis(System.nanoTime() - promoted));
        }
        voting.awaitMoreCounted(100);
    }

    private void voteOnce() throws IOException, InterruptedException {
        var id = UUID.randomUUID();
        var request = HttpRequest.newBuilder(pair.system().vote().uri())
                .header("Cookie", "voter_id=" + id)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(BodyPublishers.ofString("vote=cats"));
        var started = System.nanoTime();
        assertThat(send(request).statusCode()).isEqualTo(303);
        voting.log().record(id, "cats", started, System.nanoTime(), Outcome.ACKNOWLEDGED);
    }

    /** Whether a commit of a worker that has connected since then waits for the standby. */
    private static boolean aCommitWaits(LocalPostgres postgres, Instant connectedSince) {
        return PostgresPair.number(postgres, """
                        select count(*) from pg_stat_activity
                        where usename = 'worker' and wait_event = 'SyncRep' and backend_start > '%s'
                        """.formatted(connectedSince)) > 0;
    }

    private static long ballots(LocalPostgres postgres) {
        return PostgresPair.number(postgres, "select count(*) from ballot");
    }

    /** Empty before it answers. */
    private static String readiness(Service service) {
        try {
            return send(HttpRequest.newBuilder(service.managementUri().resolve("/actuator/health/readiness")))
                    .body();
        } catch (IOException e) {
            return "";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return HTTP.send(request.build(), BodyHandlers.ofString());
    }

    private static long millis(long nanos) {
        return TimeUnit.NANOSECONDS.toMillis(nanos);
    }
}
