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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Response;
import redis.clients.jedis.commands.ProtocolCommand;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.params.ClientKillParams;

/**
 * Appends ballots to the Redis streams by group commit: one thread pipelines everything that waits into one round
 * trip, and so into one fsync.
 *
 * <p>{@link #append} may be called by any number of threads and returns only after Redis, which runs with
 * {@code appendfsync always}, has confirmed that very entry. The batch is whatever has queued up: no timer, no delay
 * when idle. Not promised: that a ballot which was reported as not confirmed is not in the stream.
 *
 * <p>Cost: per batch one round trip and one fsync; per ballot one XADD.
 */
@Component
class BallotAppender implements SmartLifecycle {

    /** How long a voter waits at most. Longer than one failed round trip, so that the reason is usually known. */
    static final Duration DEADLINE = Duration.ofSeconds(2);

    /** What waits beyond this is refused at once: at 25,000 votes/s it is what half a second can take. */
    static final int QUEUE_CAPACITY = 12_500;

    /** Bounds how long one round trip keeps the next voter waiting: pipelined, Redis takes 1,000 entries in 6 ms. */
    private static final int BATCH_LIMIT = 1_000;

    /** A healthy Redis answers within milliseconds: this one is stalled. Less than the deadline, so that voters learn why. */
    private static final int SOCKET_TIMEOUT_MILLIS = 1_000;

    private static final int CONNECT_TIMEOUT_MILLIS = 500;

    /** When nobody votes, a small write is tried this often, so that readiness and the page tell the truth. */
    private static final Duration IDLE_PROBE_INTERVAL = Duration.ofSeconds(1);

    /** From an fsync of a good disk to the longest that a round trip may take. */
    private static final Duration[] ROUND_TRIP_BUCKETS = IntStream.of(1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)
            .mapToObj(Duration::ofMillis)
            .toArray(Duration[]::new);

    private static final Logger log = LoggerFactory.getLogger(BallotAppender.class);

    private final VoteSettings.Redis redis;
    private final byte[][] streams;
    private final BlockingQueue<Pending> queue = new ArrayBlockingQueue<>(QUEUE_CAPACITY);
    private final DistributionSummary batchSize;
    private final Timer roundTrip;

    private Thread thread;
    private volatile boolean running;
    private Jedis jedis;
    private RedisClient formerClient;
    private volatile Outage outage = new Outage(Instant.now(), "starting");
    private boolean outageLogged;

    BallotAppender(VoteSettings settings, MeterRegistry metrics) {
        this.redis = settings.redis();
        this.streams = new byte[settings.vote().streams()][];
        for (int i = 0; i < streams.length; i++) {
            streams[i] = ("votes:{" + i + "}").getBytes(UTF_8);
        }
        this.batchSize = DistributionSummary.builder("vote.append.batch.size")
                .description("Ballots that Redis answered in one round trip")
                .register(metrics);
        this.roundTrip = Timer.builder("vote.append.round.trip")
                .description("Round trip of a batch of ballots to Redis, its fsync included")
                .serviceLevelObjectives(ROUND_TRIP_BUCKETS)
                .register(metrics);
        Gauge.builder("vote.append.queue.size", queue, BlockingQueue::size)
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
        var pending = new Pending(XADD, entry(ballot, Span.current().getSpanContext()));
        if (!running) {
            throw new BallotNotConfirmedException("the service is stopping", null);
        }
        if (!queue.offer(pending)) {
            throw new QueueFullException();
        }
        pending.await();
    }

    /** With a trace, when this vote is traced: the worker links its batch to it. */
    private byte[][] entry(Ballot ballot, SpanContext span) {
        var entry = new byte[][] {
            streamOf(ballot.ballotId()),
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

    /** The outage that lasts now, or null when the last round trip went well. */
    Outage outage() {
        return outage;
    }

    /** The same voter always comes to the same stream, so that the order of their ballots is kept. */
    private byte[] streamOf(UUID ballotId) {
        return streams[Math.floorMod(ballotId.getLeastSignificantBits(), streams.length)];
    }

    /** Started before the web server and stopped after it, so that every request it takes can be answered. */
    @Override
    public int getPhase() {
        return WebServerApplicationContext.START_STOP_LIFECYCLE_PHASE - 1;
    }

    @Override
    public void start() {
        running = true;
        thread = Thread.ofPlatform().name("ballot-appender").start(this::run);
    }

    /** Called after the web server has answered its last request; what is still queued is appended first. */
    @Override
    public void stop() {
        running = false;
        queue.offer(probe()); // wakes the thread when it waits for a ballot
        try {
            thread.join(DEADLINE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    private void run() {
        var batch = new ArrayList<Pending>(BATCH_LIMIT);
        batch.add(probe());
        while (!batch.isEmpty()) {
            try {
                appendAll(batch);
            } catch (RuntimeException e) {
                // A fault of ours must not end the only thread that can take votes.
                log.error("Could not append {} ballots; their voters get 503. Will keep trying.", batch.size(), e);
                batch.forEach(pending -> pending.fail(e));
            }
            batch.clear();
            takeInto(batch);
        }
        disconnect();
    }

    /** Fills the batch with all that waits, or with a probe when nothing does; leaves it empty to stop. */
    private void takeInto(List<Pending> batch) {
        try {
            var first = running ? queue.poll(IDLE_PROBE_INTERVAL.toMillis(), TimeUnit.MILLISECONDS) : queue.poll();
            if (first != null) {
                batch.add(first);
                queue.drainTo(batch, BATCH_LIMIT - 1);
            } else if (running) {
                batch.add(probe());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            running = false;
        }
    }

    private static Pending probe() {
        return new Pending(SET, bytes("vote:probe"), bytes("1"));
    }

    private void appendAll(List<Pending> batch) {
        batch.removeIf(Pending::failIfTooLate);
        if (batch.isEmpty()) {
            return;
        }
        try {
            var start = System.nanoTime();
            var replies = roundTrip(batch);
            var duration = System.nanoTime() - start;
            JedisDataException refusal = null;
            for (int i = 0; i < replies.size(); i++) {
                refusal = batch.get(i).complete(replies.get(i));
            }
            if (batch.getFirst().command == XADD) { // not the probe of an idle service
                batchSize.record(batch.size());
                roundTrip.record(duration, TimeUnit.NANOSECONDS);
            }
            noteOutcome(refusal);
        } catch (JedisException e) {
            // The entries may be in the streams or not: nobody is told "accepted", and the ids make a retry safe.
            disconnect();
            noteOutcome(e);
            batch.forEach(pending -> pending.fail(e));
        }
    }

    private List<Response<Object>> roundTrip(List<Pending> batch) {
        if (jedis == null) {
            jedis = connect();
            closeFormerClient();
        }
        try (var pipeline = jedis.pipelined()) {
            var replies = new ArrayList<Response<Object>>(batch.size());
            for (var pending : batch) {
                replies.add(pipeline.sendCommand(pending.command, pending.arguments));
            }
            pipeline.sync();
            return replies;
        }
    }

    private Jedis connect() {
        return new Jedis(
                new HostAndPort(redis.host(), redis.port()),
                DefaultJedisClientConfig.builder()
                        .connectionTimeoutMillis(CONNECT_TIMEOUT_MILLIS)
                        .socketTimeoutMillis(SOCKET_TIMEOUT_MILLIS)
                        .password(redis.password().isEmpty() ? null : redis.password())
                        .build());
    }

    /**
     * What was sent over a connection that failed may still be under way: were it appended after votes that came later,
     * an older choice would replace a newer one. So Redis is told to forget that connection before it gets more.
     */
    private void closeFormerClient() {
        var client =
                new RedisClient(jedis.info("server").replaceFirst("(?s).*run_id:(\\w+).*", "$1"), jedis.clientId());
        if (formerClient != null && formerClient.runId.equals(client.runId)) { // a restarted one numbers anew
            jedis.clientKill(ClientKillParams.clientKillParams().id(String.valueOf(formerClient.id)));
        }
        formerClient = client;
    }

    private void disconnect() {
        if (jedis == null) {
            return;
        }
        try {
            jedis.close();
        } catch (JedisException e) {
            log.debug("Closing a broken connection to Redis", e);
        }
        jedis = null;
    }

    /** Logs the two edges of an outage. */
    private void noteOutcome(JedisException failure) {
        var before = outage;
        if (failure == null) {
            outage = null;
            if (outageLogged) {
                log.info("Redis confirms ballots again, after {}.", Duration.between(before.since, Instant.now()));
                outageLogged = false;
            }
            return;
        }
        outage = new Outage(before == null ? Instant.now() : before.since, String.valueOf(failure.getMessage()));
        if (!outageLogged) {
            log.warn("Redis confirms no ballots: {}. Voters get 503. Will keep trying.", outage.reason);
            outageLogged = true;
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    /** A connection as Redis knows it; the run id changes when Redis restarts. */
    private record RedisClient(String runId, long id) {}

    /** Why no ballot can be confirmed, and since when. */
    record Outage(Instant since, String reason) {}

    /** One command that waits for its confirmation. */
    private static final class Pending {

        private final ProtocolCommand command;
        private final byte[][] arguments;
        private final long deadline = System.nanoTime() + DEADLINE.toNanos();
        private final CompletableFuture<Void> confirmed = new CompletableFuture<>();

        Pending(ProtocolCommand command, byte[]... arguments) {
            this.command = command;
            this.arguments = arguments;
        }

        /** What nobody waits for any more is not sent: its voter has been told that it was not confirmed. */
        boolean failIfTooLate() {
            return System.nanoTime() - deadline > 0
                    && confirmed.completeExceptionally(
                            new BallotNotConfirmedException("Redis is too slow for the number of votes", null));
        }

        /** Hands the reply to the voter; returns the error when it was one. */
        JedisDataException complete(Response<Object> reply) {
            try {
                reply.get();
                confirmed.complete(null);
                return null;
            } catch (JedisDataException e) {
                fail(e);
                return e;
            }
        }

        void fail(Exception cause) {
            confirmed.completeExceptionally(new BallotNotConfirmedException("Redis did not confirm it", cause));
        }

        void await() {
            try {
                confirmed.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
            } catch (ExecutionException e) {
                throw (BallotNotConfirmedException) e.getCause();
            } catch (TimeoutException e) {
                throw new BallotNotConfirmedException("Redis did not confirm it in time", e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new BallotNotConfirmedException("interrupted", e);
            }
        }
    }
}
