package voting.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static redis.clients.jedis.Protocol.Command.EVAL;
import static redis.clients.jedis.Protocol.Command.HGET;
import static redis.clients.jedis.Protocol.Command.HMGET;
import static redis.clients.jedis.Protocol.Command.HSET;
import static redis.clients.jedis.Protocol.Command.TIME;
import static redis.clients.jedis.Protocol.Command.XINFO;
import static redis.clients.jedis.Protocol.Command.XLEN;
import static redis.clients.jedis.Protocol.Command.XRANGE;
import static redis.clients.jedis.Protocol.Command.XREAD;
import static redis.clients.jedis.Protocol.Command.XTRIM;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.Response;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * The Redis streams as the worker uses them. Speaks in raw commands because an entry may hold any bytes, and a field
 * twice, which maps of strings would hide. For any thread.
 *
 * <p>Of a Redis Cluster it sees a single stream, because no command reads from several slots.
 */
class BallotStreams implements AutoCloseable {

    private static final int CONNECT_TIMEOUT_MILLIS = 2_000;

    /** Longer than the longest {@link #awaitEntries}. */
    private static final int SOCKET_TIMEOUT_MILLIS = 5_000;

    /** No entry can come after it. */
    private static final String LAST_POSSIBLE_ID = "18446744073709551615-18446744073709551615";

    private static final String ORIGIN = "origin";
    private static final String ENTRIES_READ = "entries_read";

    /**
     * A Redis that is full refuses to set a field, but not to a script that has already written: otherwise one that filled
     * up before it was ever drained would never be.
     */
    private static final String MARK = """
            redis.call('hdel', KEYS[1], '')
            redis.call('hsetnx', KEYS[1], ARGV[1], ARGV[2])
            return redis.call('hget', KEYS[1], ARGV[1])
            """;

    private final int count;
    private final List<Integer> streams;
    private final StreamConnection connection;

    /** By the identity of data, the history of the Redis where it was last read. */
    private final Map<UUID, String> histories = new ConcurrentHashMap<>();

    /** All streams, of a Redis that is no cluster. */
    BallotStreams(WorkerSettings settings) {
        this(settings, new RedisNodes(settings.redis(), config(settings)), numbersThroughTheNext(settings));
    }

    private BallotStreams(WorkerSettings settings, RedisNodes nodes, List<Integer> streams) {
        this.count = settings.vote().streams();
        this.streams = streams;
        this.connection = new StreamConnection(
                settings.redis(),
                nodes,
                config(settings),
                streams.stream()
                        .flatMap(stream -> Stream.of(name(stream), notesName(stream)))
                        .toList());
    }

    /**
     * As many as it takes to see all streams, and the one after the last: together, or of a cluster each by itself, so
     * that a node that is away stops only its own.
     */
    static List<BallotStreams> all(WorkerSettings settings) {
        if (!settings.redis().isCluster()) {
            return List.of(new BallotStreams(settings));
        }
        var nodes = new RedisNodes(settings.redis(), config(settings));
        return numbersThroughTheNext(settings).stream()
                .map(stream -> new BallotStreams(settings, nodes, List.of(stream)))
                .toList();
    }

    private static List<Integer> numbersThroughTheNext(WorkerSettings settings) {
        return IntStream.rangeClosed(0, settings.vote().streams()).boxed().toList();
    }

    private static JedisClientConfig config(WorkerSettings settings) {
        return StreamConnection.config(settings.redis(), CONNECT_TIMEOUT_MILLIS, SOCKET_TIMEOUT_MILLIS);
    }

    /** Those that may hold ballots: without the one after the last. */
    List<Integer> numbers() {
        return streams.stream().filter(stream -> stream < count).toList();
    }

    /**
     * Waits until a stream holds entries, at most so long, and returns the numbers of those that do. As entries are
     * trimmed once they are counted, what a stream holds is what is left to do, or to trim.
     *
     * @throws TooFewStreamsException when there are ballots in a stream beyond those that this worker knows
     */
    List<Integer> awaitEntries(int blockMillis) {
        var arguments = new ArrayList<>(List.of("COUNT", "1", "BLOCK", String.valueOf(blockMillis), "STREAMS"));
        streams.forEach(stream -> arguments.add(name(stream)));
        streams.forEach(stream -> arguments.add(Position.START));
        var waiting = new ArrayList<Integer>();
        Object answer = connection.roundTrip(commands -> commands.send(XREAD, arguments.toArray(String[]::new))::get);
        if (answer instanceof List<?> answered) {
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
        return connection.roundTrip(commands -> {
            var notes = commands.send(HMGET, notesName(stream), ORIGIN, ENTRIES_READ);
            var facts = commands.send(XINFO, "STREAM", name(stream));
            var entries = commands.send(XREAD, "COUNT", String.valueOf(limit), "STREAMS", name(stream), position);
            var time = commands.send(TIME);
            return () -> {
                var note = (List<?>) notes.get();
                return new Contents(
                        note.getFirst() == null ? null : identity(text(note.getFirst())),
                        note.getLast() == null ? 0 : Long.parseLong(text(note.getLast())),
                        lastId(facts),
                        millis(time) - System.currentTimeMillis(),
                        entries((List<?>) entries.get()));
            };
        });
    }

    /**
     * The same data has the same; where another Redis may take over, what that one holds has another. It may lack entries
     * that were counted, and by a clock that is late give new ones ids from before the position.
     */
    private UUID identity(String origin) {
        var history = connection.history();
        var identity = history.isEmpty()
                ? UUID.fromString(origin)
                : UUID.nameUUIDFromBytes((origin + history).getBytes(UTF_8));
        histories.put(identity, history);
        return identity;
    }

    /** The answer to TIME: seconds and microseconds. */
    private static long millis(Response<Object> time) {
        var parts = (List<?>) time.get();
        return Long.parseLong(text(parts.getFirst())) * 1_000 + Long.parseLong(text(parts.getLast())) / 1_000;
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
        return connection.roundTrip(commands -> {
            var time = commands.send(TIME);
            var answers = numbers().stream()
                    .collect(Collectors.toMap(
                            stream -> stream,
                            stream -> List.of(
                                    commands.send(XLEN, name(stream)),
                                    commands.send(HGET, notesName(stream), ENTRIES_READ),
                                    commands.send(XRANGE, name(stream), "-", "+", "COUNT", "1"))));
            return () -> numbers().stream()
                    .map(stream -> holding(stream, millis(time), answers.get(stream)))
                    .toList();
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
        return connection.roundTrip(commands -> {
            var origin = commands.send(
                    EVAL,
                    MARK,
                    "1",
                    notesName(stream),
                    ORIGIN,
                    UUID.randomUUID().toString());
            return () -> identity(text(origin.get()));
        });
    }

    /**
     * Removes the entries up to and including a position, and notes how many were read; safe to repeat. Does nothing when
     * another Redis has taken over since they were read: what is before the position there may have yet to be counted.
     */
    void trimThrough(int stream, Position position) {
        var id = position.entryId();
        var kept = id.equals(LAST_POSSIBLE_ID) ? List.of("MAXLEN", "0") : List.of("MINID", next(id));
        connection.roundTrip(commands -> {
            if (isOfAnother(position.origin())) {
                return () -> null;
            }
            var trimmed = commands.send(XTRIM, name(stream), kept.getFirst(), kept.getLast());
            // Refused by a Redis that is full. Then it is noted by a later step, after this trim has made room.
            commands.send(HSET, notesName(stream), ENTRIES_READ, String.valueOf(position.entriesRead()));
            return trimmed::get;
        });
    }

    private boolean isOfAnother(UUID origin) {
        return !connection.history().isEmpty()
                && (origin == null || !connection.history().equals(histories.get(origin)));
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
        connection.close();
    }

    @Override
    public String toString() {
        var names = streams.stream().map(BallotStreams::name).collect(Collectors.joining(" "));
        return numbers().isEmpty() ? names + ", which must stay empty" : names;
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
