package voting.load;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import voting.load.VoteLog.Outcome;

/** One or more runs on the same system, and the verification of all their votes together at the end. */
final class Session implements AutoCloseable {

    private static final Duration DRAIN_TIMEOUT = Duration.ofMinutes(5);

    private static final long POLL_MILLIS = 20;

    /** Longer than vote keeps a ballot, 2 s, and than result takes to read again. */
    private static final long QUIET_MILLIS = 2_500;

    private final Access access;
    private final Consumer<String> progress;
    private final Site site;
    private final Wires voteServer;
    private final Wires resultServer;
    private final Workload workload;
    private final VoteLog log = new VoteLog();
    private final Optional<Streams> streams;
    private final long votersBefore;
    private final long acknowledgedBefore;
    private boolean ballotsAreOurs;
    private long votersTried;
    private long votersAcknowledged;

    /** @param progress lines for a person */
    Session(LoadSettings settings, Access access, Consumer<String> progress) {
        this.access = access;
        this.progress = progress;
        site = new Site(settings.vote(), settings.result(), settings.insecure());
        voteServer = new Wires(settings.vote(), settings.insecure());
        resultServer = new Wires(settings.result(), settings.insecure());
        workload = new Workload(settings.mix(), settings.vote(), settings.result(), site.options(), settings.seed());
        streams = access.redis().map(Streams::new);
        awaitQuiet();
        access.postgres().ifPresent(this::rememberBallots);
        acknowledgedBefore = log.count(Outcome.ACKNOWLEDGED);
        votersBefore = site.results().total();
    }

    Measurement run(LoadSettings load) throws IOException, InterruptedException {
        var run = new Run(this, load, progress);
        var measurement = run.measure();
        votersTried += run.votersTried();
        votersAcknowledged += run.votersAcknowledged();
        return measurement;
    }

    /** To be called when all runs have ended. */
    Verification verify() {
        awaitQuiet();
        if (access.postgres().isEmpty()) {
            return Verification.ofTotals(site.results().total() - votersBefore, votersAcknowledged, votersTried);
        }
        try (var database = new Database(access.postgres().get())) {
            var shown = site.results();
            var stored = new Stored(
                    database::forEachBallot,
                    database.votesByOption(),
                    shown.votes(),
                    shown.total(),
                    database.rejected(),
                    streams.map(Streams::lengths).orElse(Map.of()));
            var verdict = Verifier.verify(log, stored, List.of());
            if (ballotsAreOurs && verdict.phantom() == 0) {
                Reset.mark(database);
            }
            return Verification.of(verdict, log.count(Outcome.ACKNOWLEDGED) - acknowledgedBefore);
        }
    }

    /**
     * Waits until nothing is counted any more. A server that was overrun still finds requests in its connections whose
     * senders have given up long ago: those votes are allowed, but they belong to the run that sent them.
     */
    private void awaitQuiet() {
        var quiet = await(DRAIN_TIMEOUT, () -> {
            var before = site.results().total();
            pause(QUIET_MILLIS);
            return site.results().total() == before && queued().orElse(0L) == 0;
        });
        if (!quiet) {
            throw new LoadException("Votes were still being counted after %s: does somebody else vote?", DRAIN_TIMEOUT);
        }
    }

    /** Ballots that wait to be counted, when that can be seen. */
    Optional<Long> queued() {
        return streams.map(Streams::length);
    }

    /** Returns whether it came true in time. */
    static boolean await(Duration timeout, BooleanSupplier condition) {
        var deadline = Instant.now().plus(timeout);
        while (!condition.getAsBoolean()) {
            if (Instant.now().isAfter(deadline)) {
                return false;
            }
            pause(POLL_MILLIS);
        }
        return true;
    }

    static void pause(long millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LoadException("Interrupted.");
        }
    }

    boolean awaitDrained(Visibility visibility) {
        return await(DRAIN_TIMEOUT, () -> queued().orElse(0L) == 0 && visibility.outstanding() == 0);
    }

    Access access() {
        return access;
    }

    Site site() {
        return site;
    }

    Wires voteServer() {
        return voteServer;
    }

    Wires resultServer() {
        return resultServer;
    }

    Workload workload() {
        return workload;
    }

    VoteLog log() {
        return log;
    }

    @Override
    public void close() {
        streams.ifPresent(Streams::close);
        site.close();
    }

    /** What is stored already must be there at the end too, unchanged: as if its voters had been told so just now. */
    private void rememberBallots(Access.Postgres postgres) {
        try (var database = new Database(postgres)) {
            ballotsAreOurs = Reset.isOurs(database);
            var now = System.nanoTime();
            database.forEachBallot((id, choice) -> log.record(id, choice, now, now, Outcome.ACKNOWLEDGED));
        }
        if (log.size() > 0) {
            progress.accept(
                    "%,d ballots are there already; the run checks that they stay as they are.".formatted(log.size()));
        }
    }
}
