package voting.vote;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.stereotype.Component;
import redis.clients.jedis.HostAndPort;

/**
 * What can be set from outside, by environment variables named like the components: {@code POLL_QUESTION},
 * {@code POLL_OPTIONS}, {@code POLL_MODE}, {@code POLL_CLOSES}, {@code POLL_ID}, {@code VOTE_STREAMS},
 * {@code VOTE_ADDRESS}, {@code REDIS_HOST}, {@code REDIS_PORT}, {@code REDIS_PASSWORD}, {@code REDIS_CLUSTER_NODES},
 * {@code REDIS_SENTINEL_NODES}, {@code REDIS_SENTINEL_MASTER}, {@code REDIS_WAIT_REPLICAS}; the poll also in a file,
 * {@code POLL_FILE}. A value that makes no sense stops the start with a message that names the variable.
 */
@Component
record VoteSettings(Poll poll, Vote vote, Redis redis) {

    /** Who may vote how often. Only the ballot's identity depends on it. */
    enum Mode {
        ONE_VOTE_PER_BROWSER,
        EVERY_CLICK_COUNTS;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /**
     * @param closes from when on no vote is accepted; null for a poll that stays open
     * @param id another one for each poll that this system holds: what browsers know of an earlier poll, their choice and
     *     open pages, is none of this one's. Empty for the first.
     */
    @ConfigurationProperties("poll")
    record Poll(
            @DefaultValue("Cats or dogs?") String question,
            @DefaultValue("cats=Cats,dogs=Dogs") Options options,
            @DefaultValue("one-vote-per-browser") Mode mode,
            Instant closes,
            @DefaultValue("") String id) {

        Poll {
            check(!question.isBlank() && question.length() <= 200, "POLL_QUESTION must have 1 to 200 characters");
            check(
                    id.matches("[A-Za-z0-9-]{0,36}"),
                    "POLL_ID must have at most 36 letters, digits and hyphens, not '" + id + "'");
        }

        boolean isClosedAt(Instant time) {
            return closes != null && !time.isBefore(closes);
        }
    }

    record Option(String id, String label) {}

    /** The poll's options in the order of the page. */
    record Options(List<Option> all) {

        private static final String FORMAT =
                "POLL_OPTIONS must be 2 to 10 id=Label pairs separated by commas, such as cats=Cats,dogs=Dogs; ";

        /** Called by Spring to convert the variable's text. */
        public static Options valueOf(String text) {
            var byId = new LinkedHashMap<String, Option>();
            for (var pair : text.split(",", -1)) {
                var equals = pair.indexOf('=');
                check(equals > 0, FORMAT + "'" + pair + "' is not such a pair");
                var option = new Option(
                        pair.substring(0, equals).strip(),
                        pair.substring(equals + 1).strip());
                check(
                        option.id.matches("[a-z0-9-]{1,32}"),
                        FORMAT + "the id '" + option.id + "' is not [a-z0-9-]{1,32}");
                check(
                        !option.label.isEmpty() && option.label.length() <= 60,
                        FORMAT + "a label has 1 to 60 characters");
                check(byId.put(option.id, option) == null, FORMAT + "the id '" + option.id + "' is there twice");
            }
            check(byId.size() >= 2 && byId.size() <= 10, FORMAT + "there are " + byId.size());
            return new Options(List.copyOf(byId.values()));
        }

        /** The option with this id, or null. */
        Option find(String id) {
            return all.stream()
                    .filter(option -> option.id.equals(id))
                    .findFirst()
                    .orElse(null);
        }
    }

    /**
     * @param streams number of streams that ballots are spread over; fixed for a deployment
     * @param address where an audience finds the ballot, for the QR code; empty: where the request found it
     */
    @ConfigurationProperties("vote")
    record Vote(
            @DefaultValue("4") int streams,
            @DefaultValue("") String address) {

        Vote {
            check(streams >= 1 && streams <= 256, "VOTE_STREAMS must be 1 to 256, not " + streams);
            check(
                    address.isEmpty() || address.matches("https?://[!-~]{1,200}"),
                    "VOTE_ADDRESS must begin with http:// or https:// and have no spaces, not " + address);
        }
    }

    /**
     * Where Redis is: one server, a master behind Sentinels, or a cluster.
     *
     * @param clusterNodes some nodes of a cluster, such as {@code redis-1:6379,redis-2:6379}; empty when it is none
     * @param sentinelNodes the Sentinels that know the master; empty when there are none
     * @param sentinelMaster the name under which they watch it
     * @param waitReplicas on how many replicas, too, a ballot must be before it is confirmed
     */
    @ConfigurationProperties("redis")
    record Redis(
            @DefaultValue("") String host,
            @DefaultValue("6379") int port,
            @DefaultValue("") String password,
            @DefaultValue("") String clusterNodes,
            @DefaultValue("") String sentinelNodes,
            @DefaultValue("mymaster") String sentinelMaster,
            @DefaultValue("0") int waitReplicas) {

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
            check(waitReplicas >= 0 && waitReplicas <= 5, "REDIS_WAIT_REPLICAS must be 0 to 5, not " + waitReplicas);
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
