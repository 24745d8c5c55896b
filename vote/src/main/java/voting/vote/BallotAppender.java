package voting.vote;

import static java.nio.charset.StandardCharsets.UTF_8;
import static redis.clients.jedis.Protocol.Command.SET;
import static redis.clients.jedis.Protocol.Command.XADD;

import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.exceptions.JedisMovedDataException;
import redis.clients.jedis.exceptions.JedisRedirectionException;

/**
 * Appends ballots to the Redis streams, through one {@link GroupCommit} for each Redis that holds some of them: a single
 * one, unless it is a cluster. There, a node that is away stops only the ballots of its own streams.
 *
 * <p>{@link #append} may be called by any number of threads and returns only after Redis, which runs with
 * {@code appendfsync always}, has confirmed that very entry. Not promised: that a ballot which was reported as not
 * confirmed is not in the stream.
 *
 * <p>Cost: per batch one round trip and one fsync; per ballot one XADD.
 */
@Component
class BallotAppender implements SmartLifecycle {

    /** How long a voter waits at most. Longer than one failed round trip, so that the reason is usually known. */
    static final Duration DEADLINE = Duration.ofSeconds(2);

    /** How often a cluster is asked where the streams are, as long as one of its nodes is in trouble. */
    private static final Duration CLUSTER_INTERVAL = Duration.ofMillis(500);

    /** From an fsync of a good disk to the longest that a round trip may take. */
    private static final Duration[] ROUND_TRIP_BUCKETS = IntStream.of(1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)
            .mapToObj(Duration::ofMillis)
            .toArray(Duration[]::new);

    private static final Logger log = LoggerFactory.getLogger(BallotAppender.class);

    private final VoteSettings.Redis redis;
    private final RedisNodes nodes;
    private final List<String> streams;
    private final byte[][] encodedStreams;
    private final Map<String, GroupCommit> commits = new ConcurrentHashMap<>();
    private final AtomicReferenceArray<GroupCommit> byStream;
    private final DistributionSummary batchSize;
    private final Timer roundTrip;

    private volatile boolean running;
    private volatile Outage unplaced = new Outage(Instant.now(), "starting");
    private volatile boolean wasComplete;
    private Thread clusterThread;
    private boolean clusterFailureLogged;

    BallotAppender(VoteSettings settings, MeterRegistry metrics) {
        this.redis = settings.redis();
        this.nodes = new RedisNodes(redis, GroupCommit.config(redis));
        this.streams = IntStream.range(0, settings.vote().streams())
                .mapToObj(stream -> "votes:{" + stream + "}")
                .toList();
        this.encodedStreams = streams.stream().map(BallotAppender::bytes).toArray(byte[][]::new);
        this.byStream = new AtomicReferenceArray<>(streams.size());
        this.batchSize = DistributionSummary.builder("vote.append.batch.size")
                .description("Ballots that Redis answered in one round trip")
                .register(metrics);
        this.roundTrip = Timer.builder("vote.append.round.trip")
                .description("Round trip of a batch of ballots to Redis, its fsync included")
                .serviceLevelObjectives(ROUND_TRIP_BUCKETS)
                .register(metrics);
        Gauge.builder("vote.append.queue.size", this, BallotAppender::waiting)
                .description("Ballots that wait for the next round trip to Redis")
                .register(metrics);
    }

    /**
     * Appends a ballot and waits until it is on Redis' disk.
     *
     * @throws BallotNotConfirmedException when Redis refuses, or does not confirm within {@link #DEADLINE}, or more
     *     ballots are waiting than Redis can take in time
     */
    void append(Ballot ballot) {
        var stream = streamOf(ballot.ballotId());
        var pending =
                new Pending(stream, XADD, entry(stream, ballot, Span.current().getSpanContext()));
        if (!running) {
            throw new BallotNotConfirmedException("the service is stopping", null);
        }
        var commit = byStream.get(stream);
        if (commit == null) {
            throw new BallotNotConfirmedException("no node of the cluster is known", null);
        }
        if (!commit.offer(pending)) {
            throw new QueueFullException();
        }
        pending.await();
    }

    /** With a trace, when this vote is traced: the worker links its batch to it. */
    private byte[][] entry(int stream, Ballot ballot, SpanContext span) {
        var entry = new byte[][] {
            encodedStreams[stream],
            bytes("*"),
            bytes("ballot_id"),
            bytes(ballot.ballotId().toString()),
            bytes("choice"),
            bytes(ballot.choice())
        };
        if (!span.isSampled()) {
            return entry;
        }
        var traced = Arrays.copyOf(entry, entry.length + 2);
        traced[entry.length] = bytes("traceparent");
        traced[entry.length + 1] = bytes("00-" + span.getTraceId() + "-" + span.getSpanId() + "-01");
        return traced;
    }

    /** The same voter always comes to the same stream, so that the order of their ballots is kept. */
    private int streamOf(UUID ballotId) {
        return Math.floorMod(ballotId.getLeastSignificantBits(), streams.size());
    }

    /**
     * The outage that lasts now, or null when votes can be taken: at first those of all streams; once that has been so,
     * those of any. A master that is lost later must not turn away the voters of the others.
     */
    Outage outage() {
        var outages =
                streams().mapToObj(this::outageOf).filter(Objects::nonNull).toList();
        if (outages.isEmpty()) {
            wasComplete = true;
            return null;
        }
        return wasComplete && outages.size() < streams.size() ? null : outages.getFirst();
    }

    private Outage outageOf(int stream) {
        var commit = byStream.get(stream);
        return commit == null ? unplaced : commit.outage();
    }

    /** Started before the web server and stopped after it, so that every request it takes can be answered. */
    @Override
    public int getPhase() {
        return WebServerApplicationContext.START_STOP_LIFECYCLE_PHASE - 1;
    }

    @Override
    public void start() {
        running = true;
        if (redis.isCluster()) {
            clusterThread = Thread.ofVirtual().name("redis-cluster").start(this::followCluster);
            return;
        }
        var only = commit("Redis", () -> nodes.holdersOf(streams).getFirst());
        streams().forEach(stream -> place(stream, only));
    }

    /** Called after the web server has answered its last request; what is still queued is appended first. */
    @Override
    public void stop() {
        running = false;
        if (clusterThread != null) {
            clusterThread.interrupt();
        }
        commits.values().forEach(GroupCommit::requestStop);
        var deadline = Instant.now().plus(DEADLINE);
        try {
            for (var commit : commits.values()) {
                commit.awaitStop(Duration.between(Instant.now(), deadline));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    /** A node tells by itself when a stream has moved; one that has died must be found out. */
    private void followCluster() {
        try {
            while (running) {
                if (streams().anyMatch(stream -> outageOf(stream) != null)) {
                    placeStreams();
                }
                Thread.sleep(CLUSTER_INTERVAL);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void placeStreams() {
        try {
            var holders = nodes.holdersOf(streams);
            streams().forEach(stream -> place(stream, commitOf(holders.get(stream))));
            if (clusterFailureLogged) {
                log.info("The Redis Cluster can be used, after {}.", Duration.between(unplaced.since(), Instant.now()));
                clusterFailureLogged = false;
            }
        } catch (RuntimeException e) { // also a fault of ours: nobody else would find out where the streams are
            unplaced =
                    new Outage(clusterFailureLogged ? unplaced.since() : Instant.now(), String.valueOf(e.getMessage()));
            if (!clusterFailureLogged) {
                log.warn("The Redis Cluster cannot be used. {}. Will keep trying.", unplaced.reason());
                clusterFailureLogged = true;
            }
        }
    }

    /** A node of the cluster has answered that a stream is another's: its ballot goes on to that one. */
    private void redirect(Pending pending, JedisRedirectionException elsewhere) {
        if (!running) {
            pending.fail(elsewhere);
            return;
        }
        var commit = commitOf(elsewhere.getTargetNode());
        var moved = elsewhere instanceof JedisMovedDataException; // the other case: it is on its way there
        if (moved) {
            place(pending.stream(), commit);
        }
        commit.start();
        pending.setAsks(!moved);
        if (!commit.offer(pending)) {
            pending.fail(new QueueFullException());
        }
    }

    private GroupCommit commitOf(HostAndPort node) {
        return commit("Redis " + node, () -> node);
    }

    private GroupCommit commit(String name, Supplier<HostAndPort> address) {
        return commits.computeIfAbsent(
                name,
                absent -> new GroupCommit(name, address, this::probe, this::redirect, redis, batchSize, roundTrip));
    }

    /** Started once it has a stream: its first probe is to one. */
    private void place(int stream, GroupCommit commit) {
        byStream.set(stream, commit);
        commit.start();
    }

    /** To one of the streams that it appends to now. */
    private Optional<Pending> probe(GroupCommit commit) {
        return streams()
                .filter(stream -> byStream.get(stream) == commit)
                .mapToObj(stream -> new Pending(stream, SET, bytes(streams.get(stream) + ":probe"), bytes("1")))
                .findFirst();
    }

    private int waiting() {
        return commits.values().stream().mapToInt(GroupCommit::waiting).sum();
    }

    private IntStream streams() {
        return IntStream.range(0, streams.size());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
