package voting.vote;

import static redis.clients.jedis.Protocol.Command.ASKING;
import static redis.clients.jedis.Protocol.Command.XADD;

import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.Response;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.exceptions.JedisRedirectionException;
import redis.clients.jedis.params.ClientKillParams;

/**
 * Group commit to one Redis: one thread pipelines everything that waits into one round trip, and so into one fsync.
 *
 * <p>{@link #offer} may be called by any number of threads. What it took is confirmed, or failed, or handed on to another
 * node, once Redis has answered that very command; the batch is whatever has queued up: no timer, no delay when idle.
 */
final class GroupCommit {

    /** What waits beyond this is refused at once: at 25,000 votes/s it is what half a second can take. */
    static final int QUEUE_CAPACITY = 12_500;

    /** Bounds how long one round trip keeps the next voter waiting: pipelined, Redis takes 1,000 entries in 6 ms. */
    private static final int BATCH_LIMIT = 1_000;

    /** A healthy Redis answers within milliseconds: this one is stalled. Less than the deadline, so that voters learn why. */
    private static final int SOCKET_TIMEOUT_MILLIS = 1_000;

    private static final int CONNECT_TIMEOUT_MILLIS = 500;

    /** Less than the socket's, so that it is Redis which says how many replicas have confirmed. */
    private static final int REPLICA_TIMEOUT_MILLIS = 500;

    /** When nobody votes, a small write is tried this often, so that readiness and the page tell the truth. */
    private static final Duration IDLE_PROBE_INTERVAL = Duration.ofSeconds(1);

    /** One that is full still takes some: an outage that ended between two refusals would end many times a second. */
    private static final Duration SHORTEST_RELIEF = Duration.ofSeconds(1);

    /** How often who refuses everything is connected to anew: each time takes a port of this machine for a minute. */
    private static final Duration SHORTEST_CONNECTION = Duration.ofMillis(100);

    private static final Logger log = LoggerFactory.getLogger(GroupCommit.class);

    private final String name;
    private final Supplier<HostAndPort> address;
    private final Function<GroupCommit, Optional<Pending>> probe;
    private final BiConsumer<Pending, JedisRedirectionException> redirect;
    private final JedisClientConfig config;
    private final int replicas;
    private final DistributionSummary batchSize;
    private final Timer roundTrip;
    private final BlockingQueue<Pending> queue = new ArrayBlockingQueue<>(QUEUE_CAPACITY);

    private Thread thread;
    private volatile boolean running;
    private Jedis jedis;
    private long connectedAt;
    private long refusedAt = System.nanoTime() - SHORTEST_RELIEF.toNanos();
    private RedisClient formerClient;
    private volatile Outage outage = new Outage(Instant.now(), "starting");
    private boolean outageLogged;

    /**
     * @param name of the Redis, as the log calls it
     * @param address of the Redis, asked before each connection
     * @param probe a small write to it, for when nobody votes; empty when there is nothing that it must be able to take
     * @param redirect takes what a node of a cluster says belongs to another
     */
    GroupCommit(
            String name,
            Supplier<HostAndPort> address,
            Function<GroupCommit, Optional<Pending>> probe,
            BiConsumer<Pending, JedisRedirectionException> redirect,
            VoteSettings.Redis settings,
            DistributionSummary batchSize,
            Timer roundTrip) {
        this.name = name;
        this.address = address;
        this.probe = probe;
        this.redirect = redirect;
        this.config = config(settings);
        this.replicas = settings.waitReplicas();
        this.batchSize = batchSize;
        this.roundTrip = roundTrip;
    }

    static JedisClientConfig config(VoteSettings.Redis settings) {
        return DefaultJedisClientConfig.builder()
                .connectionTimeoutMillis(CONNECT_TIMEOUT_MILLIS)
                .socketTimeoutMillis(SOCKET_TIMEOUT_MILLIS)
                .password(settings.password().isEmpty() ? null : settings.password())
                .build();
    }

    /** Takes a command for the next batch; false when more is waiting than Redis can take in time. */
    boolean offer(Pending pending) {
        return queue.offer(pending);
    }

    int waiting() {
        return queue.size();
    }

    /** The outage that lasts now, or null when all that was sent lately was confirmed. */
    Outage outage() {
        return outage;
    }

    /** Does nothing when it runs. */
    synchronized void start() {
        if (!running) {
            running = true;
            thread = Thread.ofPlatform().daemon().name("ballot-appender").start(this::run);
        }
    }

    /** What is still queued is sent first. */
    void requestStop() {
        running = false;
        probe.apply(this).ifPresent(queue::offer); // wakes the thread when it waits for a ballot
    }

    synchronized void awaitStop(Duration timeout) throws InterruptedException {
        if (thread != null) {
            thread.join(timeout);
        }
    }

    private void run() {
        var batch = new ArrayList<Pending>(BATCH_LIMIT);
        probe.apply(this).ifPresent(batch::add);
        do {
            try {
                appendAll(batch);
            } catch (RuntimeException | Error e) {
                // A fault of ours must not end the only thread that can take votes.
                log.error("Could not append {} ballots; their voters get 503. Will keep trying.", batch.size(), e);
                disconnect();
                noteFailure(e);
                batch.forEach(pending -> pending.fail(e));
            }
            batch.clear();
        } while (takeInto(batch));
        disconnect();
    }

    /** Fills the batch with all that waits, or with a probe when nothing does; false when it is time to stop. */
    private boolean takeInto(List<Pending> batch) {
        try {
            var first = running ? queue.poll(IDLE_PROBE_INTERVAL.toMillis(), TimeUnit.MILLISECONDS) : queue.poll();
            if (first != null) {
                batch.add(first);
                queue.drainTo(batch, BATCH_LIMIT - 1);
                return true;
            }
            if (running) {
                probe.apply(this).ifPresentOrElse(batch::add, this::noteIdleness);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            running = false;
        }
        return running;
    }

    private void appendAll(List<Pending> batch) {
        batch.removeIf(Pending::failIfTooLate);
        if (batch.isEmpty()) {
            return;
        }
        try {
            if (jedis == null) {
                jedis = connect();
                closeFormerClient();
                connectedAt = System.nanoTime();
            }
            var start = System.nanoTime();
            var replies = roundTrip(batch);
            if (batch.getFirst().command() == XADD) { // not the probe of an idle service
                batchSize.record(batch.size());
                roundTrip.record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
            }
            complete(batch, replies);
        } catch (JedisException e) {
            // The entries may be in the streams or not: nobody is told "accepted", and the ids make a retry safe.
            disconnect();
            noteFailure(e);
            batch.forEach(pending -> pending.fail(e));
        }
    }

    private List<Response<Object>> roundTrip(List<Pending> batch) {
        try (var pipeline = jedis.pipelined()) {
            var replies = new ArrayList<Response<Object>>(batch.size());
            for (var pending : batch) {
                if (pending.asks()) {
                    pipeline.sendCommand(ASKING, new byte[0][]);
                }
                replies.add(pipeline.sendCommand(pending.command(), pending.arguments()));
            }
            var copies = replicas == 0 ? null : pipeline.waitReplicas(replicas, REPLICA_TIMEOUT_MILLIS);
            pipeline.sync();
            if (copies != null && copies.get() < replicas) {
                throw new JedisException("%d of %d replicas confirmed within %d ms"
                        .formatted(copies.get(), replicas, REPLICA_TIMEOUT_MILLIS));
            }
            return replies;
        }
    }

    /** Hands the replies to the voters, or their ballots to the node that they belong to. */
    private void complete(List<Pending> batch, List<Response<Object>> replies) {
        var confirmed = false;
        JedisDataException refusal = null;
        for (int i = 0; i < replies.size(); i++) {
            var pending = batch.get(i);
            try {
                replies.get(i).get();
                pending.confirm();
                confirmed = true;
            } catch (JedisRedirectionException e) {
                redirect.accept(pending, e);
            } catch (JedisDataException e) {
                pending.fail(e);
                refusal = e;
            }
        }
        if (refusal != null) {
            refusedAt = System.nanoTime();
            noteFailure(refusal);
            if (!confirmed && isOlder(connectedAt, SHORTEST_CONNECTION)) {
                disconnect(); // it may not be the master any more, which is asked at the next connection
            }
        } else if (outage != null && confirmed && isOlder(refusedAt, SHORTEST_RELIEF)) {
            noteSuccess();
        }
    }

    private static boolean isOlder(long nanoTime, Duration age) {
        return System.nanoTime() - nanoTime > age.toNanos();
    }

    private Jedis connect() {
        return new Jedis(address.get(), config);
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
            log.debug("Closing a broken connection to {}", name, e);
        }
        jedis = null;
    }

    private void noteSuccess() {
        if (outageLogged) {
            log.info("{} confirms ballots again, after {}.", name, Duration.between(outage.since(), Instant.now()));
            outageLogged = false;
        }
        outage = null;
    }

    private void noteFailure(Throwable failure) {
        var before = outage;
        outage = new Outage(before == null ? Instant.now() : before.since(), reason(failure));
        if (!outageLogged) {
            log.warn("{} confirms no ballots: {}. Voters get 503. Will keep trying.", name, outage.reason());
            outageLogged = true;
        }
    }

    /** Its streams have gone to another: what is wrong with it is no outage for voters any more. */
    private void noteIdleness() {
        if (outageLogged) {
            log.info("{} holds no streams any more.", name);
            outageLogged = false;
        }
    }

    /** Of a command that it does not know, Redis quotes the arguments: the ballot, which is nobody's business. */
    private static String reason(Throwable failure) {
        return Objects.toString(failure.getMessage(), failure.toString())
                .replaceFirst("(?s), with args beginning with: .*", "");
    }

    /** A connection as Redis knows it; the run id changes when Redis restarts. */
    private record RedisClient(String runId, long id) {}
}
