package voting.chaos;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import voting.chaos.Fault.Kind;
import voting.load.Verdict;
import voting.load.Verifier;
import voting.load.VoteLog;

/**
 * People vote while faults strike; in the end the faults stop, the queue drains, and what was counted is compared with
 * what the voters were told.
 *
 * <p>Faults of different targets overlap. Those of one target follow one another.
 */
final class Campaign {

    /** The poll of a campaign. */
    static final List<String> OPTIONS = List.of("cats", "dogs", "birds");

    static final String POLL_OPTIONS = "cats=Cats,dogs=Dogs,birds=Birds";

    /** The default of {@code VOTE_STREAMS}. */
    private static final int STREAMS = 4;

    private static final int VIEWERS = 3;

    /** When nobody could vote for so long, the next fault waits: a system that never works proves nothing. */
    private static final Duration LONGEST_DROUGHT = Duration.ofSeconds(6);

    /** From now on it is not a slow recovery but none. */
    private static final Duration RECOVERY_TIMEOUT = Duration.ofSeconds(60);

    private static final Duration SETTLE_TIMEOUT = Duration.ofSeconds(90);

    private static final int POISON_TRIES = 20;
    private static final Duration POISON_RETRY = Duration.ofMillis(250);

    private final Stage stage;
    private final long seed;
    private final List<Fault> schedule;
    private final VoteLog log = new VoteLog();
    private final Pulse pulse = new Pulse();
    private final Crowd crowd = new Crowd(log, pulse);
    private final Poisoner poisoner;
    private final Map<Target, ReentrantLock> locks = new EnumMap<>(Target.class);
    private final ConcurrentLinkedQueue<Recovery> recoveries = new ConcurrentLinkedQueue<>();
    private volatile long beganNanos;

    Campaign(Stage stage, long seed, List<Fault> schedule) {
        this.stage = stage;
        this.seed = seed;
        this.schedule = schedule;
        this.poisoner = new Poisoner(stage::redis, STREAMS);
        for (var target : Target.values()) {
            locks.put(target, new ReentrantLock(true));
        }
    }

    /** Returns when all is over and compared. */
    Report run() throws InterruptedException, IOException {
        var viewers = new ArrayList<Viewer>();
        try (var monitor = new Monitor(stage.result(), stage.stored(), pulse)) {
            monitor.start();
            for (int i = 0; i < VIEWERS; i++) {
                viewers.add(new Viewer(stage.result()));
            }
            var began = System.nanoTime();
            crowd.gather(seed, OPTIONS, stage.vote());
            awaitUse(Use.VOTING, began);
            awaitUse(Use.COUNTING, began);
            endureAll();
            var ended = System.nanoTime();
            var goodSeconds = crowd.goodSeconds();
            var allLeft = crowd.goHome();
            var settled = stage.stored().awaitSettled(SETTLE_TIMEOUT);
            return report(viewers, Duration.ofNanos(ended - began), goodSeconds, allLeft && settled);
        } finally {
            viewers.forEach(Viewer::close);
        }
    }

    /** Compares once more, with what is stored now. */
    Verdict verify() throws IOException {
        return Verifier.verify(log, stage.stored().read(), poisoner.all());
    }

    private Report report(List<Viewer> viewers, Duration duration, int goodSeconds, boolean settled)
            throws IOException {
        return new Report(
                seed,
                duration.toSeconds(),
                goodSeconds,
                List.copyOf(recoveries),
                stage.limits().orElse(""),
                crowd.voters(),
                log.size(),
                log.count(VoteLog.Outcome.ACKNOWLEDGED),
                log.count(VoteLog.Outcome.UNCONFIRMED),
                log.count(VoteLog.Outcome.REFUSED),
                crowd.statuses(),
                poisoner.all().size(),
                viewers.stream().mapToInt(Viewer::tallies).sum(),
                viewers.stream().mapToInt(Viewer::stepsBack).sum(),
                settled,
                verify());
    }

    private void awaitUse(Use use, long afterNanos) throws InterruptedException {
        if (!pulse.awaitAfter(use, afterNanos, RECOVERY_TIMEOUT)) {
            throw new IllegalStateException("No " + use + " even before the first fault.");
        }
    }

    private void endureAll() throws InterruptedException {
        beganNanos = System.nanoTime();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (var fault : schedule) {
                TimeUnit.NANOSECONDS.sleep(beganNanos + fault.at().toNanos() - System.nanoTime());
                pulse.awaitAfter(Use.VOTING, System.nanoTime() - LONGEST_DROUGHT.toNanos(), RECOVERY_TIMEOUT);
                threads.submit(() -> {
                    endure(fault);
                    return null;
                });
            }
        }
    }

    private void endure(Fault fault) throws InterruptedException {
        if (fault.kind() == Kind.POISON) {
            var struck = System.nanoTime();
            poison(fault);
            note(fault, struck, System.nanoTime());
            return;
        }
        var lock = locks.get(fault.target());
        lock.lock();
        try {
            var struck = System.nanoTime();
            strike(fault);
            var healed = System.nanoTime();
            if (!fault.undisturbed()) {
                lock.unlock();
            }
            note(fault, struck, healed);
        } finally {
            if (lock.isHeldByCurrentThread()) {
                lock.unlock();
            }
        }
    }

    private void poison(Fault fault) throws InterruptedException {
        for (int i = 0; i < POISON_TRIES && !poisoner.put(fault.variant()); i++) {
            Thread.sleep(POISON_RETRY);
        }
    }

    private void strike(Fault fault) throws InterruptedException {
        System.out.printf("%6.1f s  %s%n", sinceBegin(System.nanoTime()).toMillis() / 1_000.0, fault);
        stage.strike(fault);
        try {
            Thread.sleep(fault.lasts());
        } finally {
            stage.heal(fault);
        }
    }

    private void note(Fault fault, long struckNanos, long healedNanos) throws InterruptedException {
        var recovery = new Recovery(fault, sinceBegin(struckNanos), sinceBegin(healedNanos), Optional.empty());
        var useful = pulse.awaitAfter(recovery.use(), healedNanos, RECOVERY_TIMEOUT)
                ? Optional.of(sinceBegin(System.nanoTime()))
                : Optional.<Duration>empty();
        recoveries.add(new Recovery(fault, recovery.struck(), recovery.healed(), useful));
    }

    private Duration sinceBegin(long nanos) {
        return Duration.ofNanos(nanos - beganNanos);
    }
}
