package voting.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static redis.clients.jedis.Protocol.Command.XRANGE;
import static redis.clients.jedis.Protocol.Command.XREAD;
import static redis.clients.jedis.Protocol.Command.XTRIM;

import java.util.ArrayList;
import java.util.List;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.commands.ProtocolCommand;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisException;

/**
 * The Redis streams as the worker uses them. Speaks in raw commands because an entry may hold any bytes, and a field
 * twice, which maps of strings would hide. One connection, opened on demand and dropped on failure: for one thread.
 */
class BallotStreams implements AutoCloseable {

    private static final int CONNECT_TIMEOUT_MILLIS = 2_000;

    /** Longer than the longest {@link #awaitEntries}. */
    private static final int SOCKET_TIMEOUT_MILLIS = 5_000;

    private final WorkerSettings.Redis redis;
    private final int count;
    private Jedis jedis;

    BallotStreams(WorkerSettings settings) {
        this.redis = settings.redis();
        this.count = settings.vote().streams();
    }

    /**
     * Waits until a stream holds entries, at most so long, and returns the numbers of those that do. As entries are
     * trimmed once they are counted, what a stream holds is what is left to do, or to trim.
     */
    List<Integer> awaitEntries(int blockMillis) {
        var arguments = new ArrayList<>(List.of("COUNT", "1", "BLOCK", String.valueOf(blockMillis), "STREAMS"));
        for (int stream = 0; stream < count; stream++) {
            arguments.add(name(stream));
        }
        for (int stream = 0; stream < count; stream++) {
            arguments.add("0");
        }
        var waiting = new ArrayList<Integer>();
        if (call(XREAD, arguments.toArray(String[]::new)) instanceof List<?> answered) {
            for (var streamAndEntries : answered) {
                waiting.add(number((byte[]) ((List<?>) streamAndEntries).getFirst()));
            }
        }
        return waiting;
    }

    /** The oldest entries after a position, in order. Does not wait. */
    List<StreamEntry> readAfter(int stream, String position, int limit) {
        var answer = (List<?>) call(XRANGE, name(stream), "(" + position, "+", "COUNT", String.valueOf(limit));
        var entries = new ArrayList<StreamEntry>(answer.size());
        for (var entry : answer) {
            var idAndFields = (List<?>) entry;
            var fields = ((List<?>) idAndFields.get(1))
                    .stream().map(byte[].class::cast).toList();
            entries.add(new StreamEntry(new String((byte[]) idAndFields.getFirst(), UTF_8), fields));
        }
        return entries;
    }

    /** Removes the entries up to and including a position; safe to repeat. */
    void trimThrough(int stream, String position) {
        call(XTRIM, name(stream), "MINID", next(position));
    }

    /** The smallest id after an id; both parts are unsigned 64-bit numbers. */
    private static String next(String id) {
        var dash = id.indexOf('-');
        var sequence = Long.parseUnsignedLong(id, dash + 1, id.length(), 10) + 1;
        var millis = Long.parseUnsignedLong(id, 0, dash, 10) + (sequence == 0 ? 1 : 0);
        return Long.toUnsignedString(millis) + "-" + Long.toUnsignedString(sequence);
    }

    @Override
    public void close() {
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

    private Object call(ProtocolCommand command, String... arguments) {
        try {
            if (jedis == null) {
                jedis = connect();
            }
            return jedis.sendCommand(command, arguments);
        } catch (JedisConnectionException e) {
            close();
            throw e;
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

    private static String name(int stream) {
        return "votes:{" + stream + "}";
    }

    private static int number(byte[] name) {
        var text = new String(name, UTF_8);
        return Integer.parseInt(text, text.indexOf('{') + 1, text.length() - 1, 10);
    }
}
