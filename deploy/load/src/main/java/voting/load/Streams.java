package voting.load;

import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.params.XTrimParams;

/** The streams of ballots in Redis. For one thread. */
final class Streams implements AutoCloseable {

    private static final String NAMES = "votes:{*}";

    private final Jedis redis;

    Streams(URI address) {
        redis = new Jedis(address);
    }

    /** Ballots that wait to be counted. */
    long length() {
        return names().stream().mapToLong(redis::xlen).sum();
    }

    Map<String, Long> lengths() {
        return names().stream().collect(Collectors.toMap(name -> name, redis::xlen));
    }

    /** Their last ids stay, so that the position that the worker has stored for each is still right. */
    void empty() {
        names().forEach(name -> redis.xtrim(name, XTrimParams.xTrimParams().maxLen(0)));
    }

    String info(String section) {
        return redis.info(section);
    }

    String settings(List<String> names) {
        return names.stream()
                .map(name -> name + " " + redis.configGet(name).get(name))
                .collect(Collectors.joining(", "));
    }

    /** What was written so far, as it would be after a rewrite: every run starts with a short file. */
    void rewriteFile() {
        redis.bgrewriteaof();
    }

    boolean isRewritingFile() {
        return info("persistence").contains("aof_rewrite_in_progress:1")
                || info("persistence").contains("aof_rewrite_scheduled:1");
    }

    @Override
    public void close() {
        redis.close();
    }

    private Set<String> names() {
        return redis.keys(NAMES);
    }
}
