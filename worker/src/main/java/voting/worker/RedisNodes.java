package voting.worker;

import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.exceptions.JedisClusterOperationException;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.providers.ClusterConnectionProvider;
import redis.clients.jedis.util.JedisClusterCRC16;

/**
 * Finds the Redis that holds a stream: the only one, the master that the Sentinels name, or the node of a cluster that
 * has the stream's slot. Asks anew each time, because it is asked where a connection was lost. For any thread.
 *
 * <p>Of a cluster it is first made sure, once, that it is one, whole, and able to replace a master.
 */
final class RedisNodes {

    /** The majority that replaces a lost master takes three. */
    private static final int FEWEST_MASTERS = 3;

    private static final int SLOTS = 16_384;

    private final WorkerSettings.Redis settings;
    private final JedisClientConfig config;
    private volatile boolean checked;

    RedisNodes(WorkerSettings.Redis settings, JedisClientConfig config) {
        this.settings = settings;
        this.config = config;
    }

    /**
     * Who holds each of these keys now.
     *
     * @throws JedisException which says why that cannot be known, or why the cluster is not fit for use
     */
    List<HostAndPort> holdersOf(List<String> keys) {
        if (settings.isCluster()) {
            return clusterHoldersOf(keys);
        }
        return Collections.nCopies(
                keys.size(), settings.isSentinel() ? master() : new HostAndPort(settings.host(), settings.port()));
    }

    private HostAndPort master() {
        var name = settings.sentinelMaster();
        JedisException failure = null;
        for (var node : settings.sentinels()) {
            try (var sentinel = new Jedis(node, sentinelConfig())) {
                var address = sentinel.sentinelGetMasterAddrByName(name);
                if (address != null) {
                    return new HostAndPort(address.getFirst(), Integer.parseInt(address.getLast()));
                }
                failure = new JedisException("The Sentinel %s watches no master named '%s'".formatted(node, name));
            } catch (JedisException e) {
                failure = new JedisException("No Sentinel at %s: %s".formatted(node, e.getMessage()), e);
            }
        }
        throw failure;
    }

    /** The password is that of the votes. */
    private JedisClientConfig sentinelConfig() {
        return DefaultJedisClientConfig.builder()
                .connectionTimeoutMillis(config.getConnectionTimeoutMillis())
                .socketTimeoutMillis(config.getSocketTimeoutMillis())
                .build();
    }

    private List<HostAndPort> clusterHoldersOf(List<String> keys) {
        if (!checked) {
            check();
            checked = true;
        }
        try (var cluster = new ClusterConnectionProvider(settings.cluster(), config)) {
            return keys.stream()
                    .map(JedisClusterCRC16::getSlot)
                    .map(cluster::getNode)
                    .toList();
        } catch (JedisClusterOperationException e) { // its message says nothing
            throw new JedisException(e.getSuppressed()[0].getMessage(), e);
        }
    }

    /** A node that does not answer is what clusters are for; one that answers must belong to the same as the others. */
    private void check() {
        JedisException unreachable = null;
        HostAndPort first = null;
        Set<String> members = Set.of();
        var state = "";
        for (var node : settings.cluster()) {
            try (var jedis = new Jedis(node, config)) {
                if (!jedis.info("cluster").contains("cluster_enabled:1")) {
                    throw new JedisException("%s is not in cluster mode".formatted(node));
                }
                if (first == null) {
                    first = node;
                    members = idsIn(jedis.clusterNodes());
                    state = jedis.clusterInfo();
                }
                if (!members.contains(jedis.clusterMyId())) {
                    throw new JedisException("%s belongs to another cluster than %s".formatted(node, first));
                }
            } catch (JedisConnectionException e) {
                unreachable = e;
            }
        }
        if (first == null) {
            throw unreachable;
        }
        checkState(first, state);
    }

    private static Set<String> idsIn(String nodes) {
        return nodes.lines().map(line -> line.substring(0, line.indexOf(' '))).collect(Collectors.toSet());
    }

    private static void checkState(HostAndPort node, String info) {
        var assigned = number("cluster_slots_assigned", info);
        if (assigned < SLOTS) {
            throw unfit(node, "%d slots belong to no master".formatted(SLOTS - assigned));
        }
        var served = number("cluster_slots_ok", info);
        if (served < SLOTS) {
            throw unfit(node, "%d slots have lost their master".formatted(SLOTS - served));
        }
        if (!info.contains("cluster_state:ok")) {
            throw unfit(node, "it is down");
        }
        var masters = number("cluster_size", info);
        if (masters < FEWEST_MASTERS) {
            throw unfit(node, "%d masters are too few to replace one that is lost".formatted(masters));
        }
    }

    private static JedisException unfit(HostAndPort node, String why) {
        return new JedisException("The cluster of %s is not fit for votes: %s".formatted(node, why));
    }

    private static long number(String fact, String info) {
        return Long.parseLong(info.replaceFirst("(?s).*" + fact + ":(\\d+).*", "$1"));
    }
}
