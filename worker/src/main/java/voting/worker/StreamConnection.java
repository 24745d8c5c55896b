package voting.worker;

import static redis.clients.jedis.Protocol.Command.ASKING;

import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.Response;
import redis.clients.jedis.commands.ProtocolCommand;
import redis.clients.jedis.exceptions.JedisAskDataException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.exceptions.JedisRedirectionException;

/**
 * A connection to the Redis that holds certain keys, opened on demand and dropped on any failure; threads take turns. In a
 * cluster it follows the keys, which must be of one slot, to whichever node has them.
 */
final class StreamConnection implements AutoCloseable {

    /** A slot that moves sends us from its old node to its new one; more often than this is no move but a fault. */
    private static final int MOST_REDIRECTIONS = 3;

    private final RedisNodes nodes;
    private final JedisClientConfig config;
    private final boolean mayFailOver;
    private final List<String> keys;
    private Jedis jedis;
    private String history = "";

    /** Whether the node is being given our slot right now, and takes commands on it only when asked to. */
    private boolean asking;

    /** @param keys in a cluster, all that it is ever asked for */
    StreamConnection(WorkerSettings.Redis redis, RedisNodes nodes, JedisClientConfig config, List<String> keys) {
        this.nodes = nodes;
        this.config = config;
        this.mayFailOver = redis.isCluster() || redis.isSentinel();
        this.keys = keys;
    }

    static JedisClientConfig config(WorkerSettings.Redis redis, int connectTimeoutMillis, int socketTimeoutMillis) {
        return DefaultJedisClientConfig.builder()
                .connectionTimeoutMillis(connectTimeoutMillis)
                .socketTimeoutMillis(socketTimeoutMillis)
                .password(redis.password().isEmpty() ? null : redis.password())
                .build();
    }

    /** Takes commands for one round trip; their responses can be looked at after it. */
    interface Commands {
        Response<Object> send(ProtocolCommand command, String... arguments);
    }

    /** @param exchange sends commands, and returns what makes an answer of their responses; repeated where they are */
    synchronized <T> T roundTrip(Function<Commands, Supplier<T>> exchange) {
        for (int redirections = 0; ; redirections++) {
            try {
                return attempt(exchange);
            } catch (JedisRedirectionException e) {
                if (redirections == MOST_REDIRECTIONS) {
                    close();
                    throw e;
                }
                follow(e);
            } catch (JedisException e) { // who refuses, too, may not be the one to ask any more
                close();
                throw e;
            }
        }
    }

    /**
     * What the Redis that answers calls its history. It takes a new name when it takes over from another, and when it
     * restarts. Empty where no other can take over.
     */
    synchronized String history() {
        return history;
    }

    @Override
    public synchronized void close() {
        if (jedis == null) {
            return;
        }
        try {
            jedis.close();
        } catch (JedisException e) {
            // Broken already; there is nothing left to close.
        }
        jedis = null;
    }

    private <T> T attempt(Function<Commands, Supplier<T>> exchange) {
        if (jedis == null) {
            connect(nodes.holdersOf(keys).getFirst(), false);
        }
        try (var pipeline = jedis.pipelined()) {
            var answer = exchange.apply((command, arguments) -> send(pipeline, command, arguments));
            pipeline.sync();
            return answer.get();
        }
    }

    private Response<Object> send(Pipeline pipeline, ProtocolCommand command, String... arguments) {
        if (asking) {
            pipeline.sendCommand(ASKING, new String[0]);
        }
        return pipeline.sendCommand(command, arguments);
    }

    private void follow(JedisRedirectionException elsewhere) {
        var onItsWay = elsewhere instanceof JedisAskDataException;
        if (onItsWay && !keys.stream().allMatch(this::hasLeft)) {
            // Where a stream arrives before its notes, it looks as if nobody had ever read it.
            throw elsewhere;
        }
        close();
        connect(elsewhere.getTargetNode(), onItsWay);
    }

    private boolean hasLeft(String key) {
        try {
            jedis.exists(key);
            return false;
        } catch (JedisAskDataException e) {
            return true;
        }
    }

    private void connect(HostAndPort node, boolean ask) {
        var connection = new Jedis(node, config);
        try {
            history = mayFailOver ? historyOf(connection, node) : "";
        } catch (JedisException e) {
            connection.close();
            throw e;
        }
        asking = ask;
        jedis = connection;
    }

    private static String historyOf(Jedis connection, HostAndPort node) {
        var facts = connection.info("replication");
        if (!facts.contains("role:master")) {
            throw new JedisException("%s is a replica, not the master".formatted(node));
        }
        return facts.replaceFirst("(?s).*master_replid:(\\w+).*", "$1");
    }
}
