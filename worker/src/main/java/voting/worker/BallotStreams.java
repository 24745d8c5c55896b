package voting.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static redis.clients.jedis.Protocol.Command.HGET;
import static redis.clients.jedis.Protocol.Command.XINFO;
import static redis.clients.jedis.Protocol.Command.XLEN;
import static redis.clients.jedis.Protocol.Command.XRANGE;
import static redis.clients.jedis.Protocol.Command.XREAD;
import static redis.clients.jedis.Protocol.Command.XTRIM;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.IntStream;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Response;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/**
 * The Redis streams as the worker uses them. Speaks in raw commands because an entry may hold any bytes, and a field
 * twice, which maps of strings would hide. One connection, opened on demand and dropped on failure; threads take turns.
 */
class BallotStreams implements AutoCloseable {

    private static final int CONNECT_TIMEOUT_MILLIS = 2_000;

    /** Longer than the longest {@link #awaitEntries}. */
    private static final int SOCKET_TIMEOUT_MILLIS = 5_000;

    /** No entry can come after it. */
    private static final String LAST_POSSIBLE_ID = "18446744073709551615-18446744073709551615";

    private static final String ORIGIN = "origin";
    private static final String ENTRIES_READ = "entries_read";

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
     *
     * @throws TooFewStreamsException when there are ballots in a stream beyond those that this worker knows
     */
    List<Integer> awaitEntries(int blockMillis) {
        var arguments = new ArrayList<>(List.of("COUNT", "1", "BLOCK", String.valueOf(blockMillis), "STREAMS"));
        IntStream.rangeClosed(0, count).forEach(stream -> arguments.add(name(stream)));
        IntStream.rangeClosed(0, count).forEach(stream -> arguments.add(Position.START));
        var waiting = new ArrayList<Integer>();
        if (call(jedis -> jedis.sendCommand(XREAD, arguments.toArray(String[]::new))) instanceof List<?> answered) {
            for (var streamAndEntries : answered) {
                waiting.add(number((byte[]) ((List<?>) streamAndEntries).getFirst()));
            }
        }
        if (waiting.contains(count)) { // one more than ours: vote spreads its ballots over more
            throw new TooFewStreamsException(count);
        }
        return waiting;
    }

    /**
     * What a stream holds after a position, and how it stands.
     *
     * @param origin identity of its data, as {@link #mark} has left it, or null
     * @param entriesRead how many entries were read and trimmed, as {@link #trimThrough} has left it
     * @param lastId of all entries that the stream was ever given; "0-0" before the first
     * @param clockAheadMillis how far Redis' clock, which the ids of the entries come from, is ahead of ours
     * @param entries the oldest ones after the position, in order
     */
    record Contents(UUID origin, long entriesRead, String lastId, long clockAheadMillis, List<StreamEntry> entries) {}

    /** Reads at most so many entries after a position, in one round trip. Does not wait. */
    Contents read(int stream, String position, int limit) {
        return call(jedis -> {
            try (var pipeline = jedis.pipelined()) {
                var notes = pipeline.hmget(notesName(stream), ORIGIN, ENTRIES_READ);
                var facts = pipeline.sendCommand(XINFO, "STREAM", name(stream));
                var entries =
                        pipeline.sendCommand(XREAD, "COUNT", String.valueOf(limit), "STREAMS", name(stream), position);
                var time = pipeline.time();
                pipeline.sync();
                var origin = notes.get().getFirst();
                var entriesRead = notes.get().getLast();
                return new Contents(
                        origin == null ? null : UUID.fromString(origin),
                        entriesRead == null ? 0 : Long.parseLong(entriesRead),
                        lastId(facts),
                        millis(time) - System.currentTimeMillis(),
                        entries((List<?>) entries.get()));
            }
        });
    }

    /** The answer to TIME: seconds and microseconds. */
    private static long millis(Response<List<String>> time) {
        return Long.parseLong(time.get().getFirst()) * 1_000
                + Long.parseLong(time.get().getLast()) / 1_000;
    }

    private static String lastId(Response<Object> answer) {
        try {
            var facts = (List<?>) answer.get();
            for (int i = 0; i < facts.size(); i += 2) {
                if ("last-generated-id".equals(text(facts.get(i)))) {
                    return text(facts.get(i + 1));
                }
            }
            throw new JedisDataException("XINFO STREAM does not tell last-generated-id");
        } catch (JedisDataException e) {
            if (e.getMessage().contains("no such key")) {
                return Position.START;
            }
            throw e;
        }
    }

    private static List<StreamEntry> entries(List<?> streamAndEntries) {
        if (streamAndEntries == null) {
            return List.of();
        }
        var answer = (List<?>) ((List<?>) streamAndEntries.getFirst()).getLast();
        var entries = new ArrayList<StreamEntry>(answer.size());
        for (var entry : answer) {
            var idAndFields = (List<?>) entry;
            var fields = ((List<?>) idAndFields.getLast())
                    .stream().map(byte[].class::cast).toList();
            entries.add(new StreamEntry(text(idAndFields.getFirst()), fields));
        }
        return entries;
    }

    /**
     * What a stream holds, whatever of it is counted already.
     *
     * @param entriesTrimmed how many entries were read and trimmed, as {@link #trimThrough} has left it
     * @param oldestAgeMillis age of its oldest entry by Redis' clock; 0 when there is none
     */
    record Holding(int stream, long length, long entriesTrimmed, long oldestAgeMillis) {

        /** How many of its entries are not among the first so many that were ever read. */
        long entriesAfter(long entriesRead) {
            return length - Math.clamp(entriesRead - entriesTrimmed, 0, length);
        }
    }

    /** Asks for what all streams hold, in one round trip. */
    List<Holding> holdings() {
        return call(jedis -> {
            try (var pipeline = jedis.pipelined()) {
                var time = pipeline.time();
                var answers = IntStream.range(0, count)
                        .mapToObj(stream -> List.of(
                                pipeline.sendCommand(XLEN, name(stream)),
                                pipeline.sendCommand(HGET, notesName(stream), ENTRIES_READ),
                                pipeline.sendCommand(XRANGE, name(stream), "-", "+", "COUNT", "1")))
                        .toList();
                pipeline.sync();
                return IntStream.range(0, count)
                        .mapToObj(stream -> holding(stream, millis(time), answers.get(stream)))
                        .toList();
            }
        });
    }

    private static Holding holding(int stream, long nowMillis, List<Response<Object>> answers) {
        var entriesTrimmed = answers.get(1).get();
        var oldest = (List<?>) answers.get(2).get();
        return new Holding(
                stream,
                (Long) answers.get(0).get(),
                entriesTrimmed == null ? 0 : Long.parseLong(text(entriesTrimmed)),
                oldest.isEmpty() ? 0 : Math.max(0, nowMillis - acceptedAtMillis((List<?>) oldest.getFirst())));
    }

    private static long acceptedAtMillis(List<?> idAndFields) {
        return new StreamEntry(text(idAndFields.getFirst()), List.of()).acceptedAtMillis();
    }

    /** Gives the data of a stream an identity, unless it has one; returns it. */
    UUID mark(int stream) {
        return call(jedis -> {
            jedis.hsetnx(notesName(stream), ORIGIN, UUID.randomUUID().toString());
            return UUID.fromString(jedis.hget(notesName(stream), ORIGIN));
        });
    }

    /** Removes the entries up to and including a position, and notes how many were read; safe to repeat. */
    void trimThrough(int stream, Position position) {
        var id = position.entryId();
        var kept = id.equals(LAST_POSSIBLE_ID) ? List.of("MAXLEN", "0") : List.of("MINID", next(id));
        call(jedis -> {
            try (var pipeline = jedis.pipelined()) {
                var trimmed = pipeline.sendCommand(XTRIM, name(stream), kept.getFirst(), kept.getLast());
                // Refused by a Redis that is full. Then it is noted by a later step, after this trim has made room.
                pipeline.hset(notesName(stream), ENTRIES_READ, String.valueOf(position.entriesRead()));
                pipeline.sync();
                return trimmed.get();
            }
        });
    }

    /** The smallest id after an id; both parts are unsigned 64-bit numbers. */
    private static String next(String id) {
        var dash = id.indexOf('-');
        var sequence = Long.parseUnsignedLong(id, dash + 1, id.length(), 10) + 1;
        var millis = Long.parseUnsignedLong(id, 0, dash, 10) + (sequence == 0 ? 1 : 0);
        return Long.toUnsignedString(millis) + "-" + Long.toUnsignedString(sequence);
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

    private synchronized <T> T call(Function<Jedis, T> calls) {
        try {
            if (jedis == null) {
                jedis = connect();
            }
            return calls.apply(jedis);
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

    /** What the workers note about a stream; beside it, and in the same hash slot. */
    private static String notesName(int stream) {
        return name(stream) + ":notes";
    }

    private static int number(byte[] name) {
        var text = text(name);
        return Integer.parseInt(text, text.indexOf('{') + 1, text.length() - 1, 10);
    }

    private static String text(Object bytes) {
        return new String((byte[]) bytes, UTF_8);
    }
}
