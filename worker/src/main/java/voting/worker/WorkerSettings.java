package voting.worker;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.stereotype.Component;
import redis.clients.jedis.HostAndPort;

/**
 * What can be set from outside, by environment variables named like the components: {@code POLL_OPTIONS},
 * {@code VOTE_STREAMS}, {@code REDIS_HOST}, {@code REDIS_PORT}, {@code REDIS_PASSWORD},
 * {@code REDIS_CLUSTER_NODES}, {@code REDIS_SENTINEL_NODES}, {@code REDIS_SENTINEL_MASTER}; those of Postgres are in
 * {@link PostgresSettings}. A value that makes no sense stops the start with a message that names the variable.
 */
@Component
record WorkerSettings(Poll poll, Vote vote, Redis redis) {

    @ConfigurationProperties("poll")
    record Poll(@DefaultValue("cats=Cats,dogs=Dogs") Options options) {}

    /** The ids of the poll's options; the worker has no use for their labels. */
    record Options(Set<String> ids) {

        private static final String FORMAT =
                "POLL_OPTIONS must be 2 to 10 id=Label pairs separated by commas, such as cats=Cats,dogs=Dogs; ";

        /** Called by Spring to convert the variable's text. */
        public static Options valueOf(String text) {
            var ids = new LinkedHashSet<String>();
            for (var pair : text.split(",", -1)) {
                var equals = pair.indexOf('=');
                check(equals > 0, FORMAT + "'" + pair + "' is not such a pair");
                var id = pair.substring(0, equals).strip();
                check(id.matches("[a-z0-9-]{1,32}"), FORMAT + "the id '" + id + "' is not [a-z0-9-]{1,32}");
                var label = pair.substring(equals + 1).strip();
                check(!label.isEmpty() && label.length() <= 60, FORMAT + "a label has 1 to 60 characters");
                check(ids.add(id), FORMAT + "the id '" + id + "' is there twice");
            }
            check(ids.size() >= 2 && ids.size() <= 10, FORMAT + "there are " + ids.size());
            return new Options(Set.copyOf(ids));
        }
    }

    /** @param streams number of streams that ballots are spread over; fixed for a deployment */
    @ConfigurationProperties("vote")
    record Vote(@DefaultValue("4") int streams) {

        Vote {
            check(streams >= 1 && streams <= 256, "VOTE_STREAMS must be 1 to 256, not " + streams);
        }
    }

    /**
     * Where Redis is: one server, a master behind Sentinels, or a cluster.
     *
     * @param clusterNodes some nodes of a cluster, such as {@code redis-1:6379,redis-2:6379}; empty when it is none
     * @param sentinelNodes the Sentinels that know the master; empty when there are none
     * @param sentinelMaster the name under which they watch it
     */
    @ConfigurationProperties("redis")
    record Redis(
            @DefaultValue("") String host,
            @DefaultValue("6379") int port,
            @DefaultValue("") String password,
            @DefaultValue("") String clusterNodes,
            @DefaultValue("") String sentinelNodes,
            @DefaultValue("mymaster") String sentinelMaster) {

        /** A name, an IPv4 or a bracketed IPv6 address, and a port. */
        private static final String NODE = "([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+]):[0-9]{1,5}";

        Redis {
            check(
                    Stream.of(host, clusterNodes, sentinelNodes)
                                    .filter(where -> !where.isEmpty())
                                    .count()
                            <= 1,
                    "REDIS_HOST, REDIS_CLUSTER_NODES and REDIS_SENTINEL_NODES must not be set together: they name"
                            + " different kinds of Redis");
            host = host.isEmpty() ? "localhost" : host;
            check(port >= 1 && port <= 65535, "REDIS_PORT must be 1 to 65535, not " + port);
            checkNodes("REDIS_CLUSTER_NODES", clusterNodes);
            checkNodes("REDIS_SENTINEL_NODES", sentinelNodes);
            check(!sentinelMaster.isBlank(), "REDIS_SENTINEL_MASTER must be the name that the Sentinels use");
        }

        boolean isCluster() {
            return !clusterNodes.isEmpty();
        }

        boolean isSentinel() {
            return !sentinelNodes.isEmpty();
        }

        Set<HostAndPort> cluster() {
            return nodes(clusterNodes);
        }

        Set<HostAndPort> sentinels() {
            return nodes(sentinelNodes);
        }

        private static Set<HostAndPort> nodes(String list) {
            return Stream.of(list.split(","))
                    .map(HostAndPort::from)
                    .collect(Collectors.toCollection(LinkedHashSet::new));
        }

        private static void checkNodes(String variable, String list) {
            if (list.isEmpty()) {
                return;
            }
            for (var node : list.split(",", -1)) {
                check(
                        node.matches(NODE) && isPort(node.substring(node.lastIndexOf(':') + 1)),
                        variable + " must be host:port pairs separated by commas, such as redis-1:6379,redis-2:6379; '"
                                + node + "' is not such a pair");
            }
        }

        private static boolean isPort(String digits) {
            var number = Integer.parseInt(digits);
            return number >= 1 && number <= 65535;
        }
    }

    private static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
