package voting.chaos;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.args.ClientType;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.params.ClientKillParams;
import redis.clients.jedis.params.MigrateParams;
import redis.clients.jedis.util.JedisClusterCRC16;
import voting.local.Ports;

/** Three masters, each with a replica: nodes 0 and 3 share the slots of one, and so on. */
final class RedisCluster implements AutoCloseable {

    private static final int MASTERS = 3;
    private static final int SLOTS = 16_384;

    /** After so long a master that is silent is replaced. Short, because the test waits for it. */
    private static final String NODE_TIMEOUT_MILLIS = "1000";

    /** Added to a node's port: where the nodes talk to each other. */
    private static final int BUS_PORT = 10_000;

    /** With this, the other one is still below those that the system gives to outgoing connections. */
    private static final int LAST_PORT = 22_000;

    private static final int MIGRATE_TIMEOUT_MILLIS = 5_000;

    private final List<RedisProcess> nodes = new ArrayList<>();

    /** The nodes know each other from the file in which each keeps what it knows. */
    RedisCluster(Path directory) {
        var ports = IntStream.generate(Ports::free)
                .filter(port -> port <= LAST_PORT && Ports.isFree(port + BUS_PORT))
                .limit(2 * MASTERS)
                .toArray();
        for (int self = 0; self < ports.length; self++) {
            var home = directory.resolve("node-" + self);
            var lines = new ArrayList<String>();
            for (int node = 0; node < ports.length; node++) {
                var address = "127.0.0.1:%d@%d".formatted(ports[node], ports[node] + BUS_PORT);
                var flags = (node == self ? "myself," : "") + (node < MASTERS ? "master" : "slave");
                lines.add("%s %s %s %s 0 0 %d connected %s"
                        .formatted(
                                id(node),
                                address,
                                flags,
                                node < MASTERS ? "-" : id(node - MASTERS),
                                node % MASTERS + 1,
                                node < MASTERS ? slots(node) : ""));
            }
            lines.add("vars currentEpoch %d lastVoteEpoch 0".formatted(MASTERS));
            RedisProcess.write(home.resolve("nodes.conf"), String.join("\n", lines) + "\n");
            nodes.add(RedisProcess.server(
                    home,
                    ports[self],
                    "--cluster-enabled",
                    "yes",
                    "--cluster-node-timeout",
                    NODE_TIMEOUT_MILLIS,
                    "--cluster-require-full-coverage",
                    "no"));
        }
        nodes.forEach(RedisProcess::start);
    }

    /** As {@code REDIS_CLUSTER_NODES} wants them. */
    String addresses() {
        return nodes.stream().map(node -> node.address().toString()).collect(Collectors.joining(","));
    }

    /** Number of the node that is the master of a key now, or -1 while there is none. */
    int masterOf(String key) {
        return IntStream.range(0, nodes.size())
                .filter(node -> isMasterOf(node, key))
                .findFirst()
                .orElse(-1);
    }

    RedisProcess node(int number) {
        return nodes.get(number);
    }

    Jedis connect(int node) {
        return nodes.get(node).connect();
    }

    /** Stops replication from a node to its replica for good; nobody else notices. */
    void stopReplicationOf(int master) {
        try (var replica = connect((master + MASTERS) % nodes.size())) {
            replica.configSet("masterauth", "wrong");
        }
        try (var connection = connect(master)) {
            connection.clientKill(ClientKillParams.clientKillParams().type(ClientType.REPLICA));
        }
    }

    void resumeReplication() {
        for (int node = 0; node < nodes.size(); node++) {
            try (var connection = connect(node)) {
                connection.configSet("masterauth", RedisProcess.PASSWORD);
            } catch (JedisException e) {
                // This one is dead.
            }
        }
    }

    /** Begins to move the slot of a key: from now on it is given away key by key. */
    void beginMove(String key, int from, int to) {
        var slot = JedisClusterCRC16.getSlot(key);
        try (var source = connect(from);
                var target = connect(to)) {
            target.clusterSetSlotImporting(slot, id(from));
            source.clusterSetSlotMigrating(slot, id(to));
            var keys = source.clusterGetKeysInSlot(slot, 100).toArray(String[]::new);
            source.migrate(
                    nodes.get(to).address().getHost(),
                    nodes.get(to).address().getPort(),
                    MIGRATE_TIMEOUT_MILLIS,
                    MigrateParams.migrateParams().auth(RedisProcess.PASSWORD),
                    keys);
        }
    }

    void endMove(String key, int from, int to) {
        var slot = JedisClusterCRC16.getSlot(key);
        try (var source = connect(from);
                var target = connect(to)) {
            target.clusterSetSlotNode(slot, id(to));
            source.clusterSetSlotNode(slot, id(to));
        }
    }

    @Override
    public void close() {
        nodes.forEach(RedisProcess::close);
    }

    private boolean isMasterOf(int node, String key) {
        try (var connection = connect(node)) {
            connection.exists(key);
            return connection.info("replication").contains("role:master");
        } catch (JedisException e) {
            return false; // another's, or dead
        }
    }

    private static String id(int node) {
        return "%040x".formatted(node + 1);
    }

    private static String slots(int master) {
        return "%d-%d".formatted(SLOTS * master / MASTERS, SLOTS * (master + 1) / MASTERS - 1);
    }
}
