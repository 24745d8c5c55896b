package voting.chaos;

import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import voting.load.AnyCertificate;
import voting.load.VoteLog;
import voting.load.VoteLog.Outcome;

/** Voters who come one after another, each with a ballot of their own, and leave when they have voted. */
final class Crowd {

    /** Each makes two to three attempts: some 400 a second. */
    private static final Duration ARRIVAL_INTERVAL = Duration.ofMillis(5);

    /** During an outage they accumulate; beyond this nobody new comes. */
    private static final int MOST_AT_ONCE = 400;

    private static final Duration WAY_HOME = Duration.ofSeconds(90);

    private final VoteLog log;
    private final Pulse pulse;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(2))
            .sslContext(AnyCertificate.context())
            .build();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Semaphore room = new Semaphore(MOST_AT_ONCE);
    private final AtomicInteger voters = new AtomicInteger();
    private final Map<Integer, AtomicInteger> statuses = new ConcurrentSkipListMap<>();
    private final Map<Long, Boolean> goodSeconds = new ConcurrentHashMap<>();
    private volatile boolean goingHome;

    Crowd(VoteLog log, Pulse pulse) {
        this.log = log;
        this.pulse = pulse;
    }

    /** Lets voters come until {@link #goHome}. */
    void gather(long seed, List<String> options, URI vote) {
        Thread.ofPlatform().daemon().name("crowd").start(() -> {
            var random = new Random(seed);
            while (!goingHome) {
                if (room.tryAcquire()) {
                    voters.incrementAndGet();
                    var voter = new Voter(new Random(random.nextLong()), options, vote, http, this);
                    threads.submit(() -> {
                        voter.run();
                        room.release();
                    });
                }
                pause();
            }
        });
    }

    /** Nobody new comes; whoever is there tries until the vote is acknowledged. Returns whether all have left. */
    boolean goHome() throws InterruptedException {
        goingHome = true;
        threads.shutdown();
        var allLeft = threads.awaitTermination(WAY_HOME.toSeconds(), TimeUnit.SECONDS);
        http.shutdownNow();
        return allLeft;
    }

    boolean isGoingHome() {
        return goingHome;
    }

    void record(UUID id, String choice, long startedNanos, Outcome outcome) {
        var now = System.nanoTime();
        log.record(id, choice, startedNanos, now, outcome);
        if (outcome == Outcome.ACKNOWLEDGED) {
            goodSeconds.put(TimeUnit.NANOSECONDS.toSeconds(now), true);
            pulse.seen(Use.VOTING, startedNanos);
        }
    }

    /** What an answer means for the vote. */
    Outcome outcome(int status) {
        statuses.computeIfAbsent(status, first -> new AtomicInteger()).incrementAndGet();
        return switch (status) {
            case 202, 303 -> Outcome.ACKNOWLEDGED;
            case 429 -> Outcome.UNCONFIRMED;
            default -> status / 100 == 4 ? Outcome.REFUSED : Outcome.UNCONFIRMED;
        };
    }

    int voters() {
        return voters.get();
    }

    /** How often each status was answered. */
    Map<Integer, Integer> statuses() {
        var copy = new TreeMap<Integer, Integer>();
        statuses.forEach((status, count) -> copy.put(status, count.get()));
        return copy;
    }

    /** In how many different seconds at least one vote was acknowledged. */
    int goodSeconds() {
        return goodSeconds.size();
    }

    private static void pause() {
        try {
            Thread.sleep(ARRIVAL_INTERVAL);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
