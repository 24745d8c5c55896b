package voting.worker;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static redis.clients.jedis.Protocol.Command.XADD;

import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import redis.clients.jedis.Jedis;

/**
 * Whatever is in a stream, each entry becomes a ballot or one rejected entry with its bytes, and the drain goes on. The
 * seed of a failure is in its report. One character is one byte.
 */
class StreamFuzzTest {

    private static final Set<String> OPTIONS =
            Stores.settings().poll().options().ids();

    private static final Predicate<String> UUID_FORM =
            Pattern.compile("[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}").asMatchPredicate();

    private static Jedis redis;
    private static BallotStreams streams;
    private static Drainer drainer;

    /** What the stores must hold at the end. */
    private static final Map<UUID, String> ballots = new HashMap<>();

    private static final List<String> rejected = new ArrayList<>();

    private record Field(String name, String value) {}

    @BeforeContainer
    static void start() throws Exception {
        new Stores().beforeAll(null);
        redis = Stores.redis();
        streams = new BallotStreams(Stores.settings());
        drainer = new Drainer(streams, new BallotStore(), Stores.worker(), OPTIONS, Stores.drainTelemetry());
    }

    @AfterContainer
    static void everyEntryIsABallotOrKeptAsItCame() throws Exception {
        try {
            assertThat(Counted.ballots()).isEqualTo(ballots);
            assertThat(Counted.tally()).isEqualTo(Counted.recount());
            assertThat(Counted.rejected().stream().map(entry -> text(entry.stream(), entry.entryId(), entry.fields())))
                    .containsExactlyElementsOf(rejected);
            Counted.assertNothingLeft();
        } finally {
            streams.close();
            redis.close();
            new Stores().afterEach(null);
        }
    }

    @Provide
    Arbitrary<List<Field>> entry() {
        var ids = IntStream.range(0, 20)
                .mapToObj(number -> Vote.voter(number).toString())
                .toList();
        var bytes = Arbitraries.chars()
                .range('\0', '\u00ff')
                .map(String::valueOf)
                .list()
                .ofMaxSize(40)
                .map(parts -> String.join("", parts));
        var name = Arbitraries.frequencyOf(
                Tuple.of(4, Arbitraries.of("ballot_id")),
                Tuple.of(4, Arbitraries.of("choice")),
                Tuple.of(1, Arbitraries.of("", "\0", "choice\0", "Choice", "\u00ff\u00fe", "x")),
                Tuple.of(1, bytes));
        var value = Arbitraries.frequencyOf(
                Tuple.of(4, Arbitraries.of(ids)),
                Tuple.of(4, Arbitraries.of(OPTIONS)),
                Tuple.of(
                        1,
                        Arbitraries.of("", "\0", ids.getFirst().toUpperCase(), "1-1-1-1-1", "cats\0", "\u00c0\u0080")),
                Tuple.of(1, bytes));
        var field = Combinators.combine(name, value).as(Field::new);
        var ballot = Combinators.combine(Arbitraries.of(ids), Arbitraries.of(OPTIONS))
                .as((id, choice) -> List.of(new Field("ballot_id", id), new Field("choice", choice)));
        return Arbitraries.frequencyOf(
                Tuple.of(30, ballot),
                Tuple.of(60, field.list().ofMinSize(1).ofMaxSize(4)),
                Tuple.of(
                        1,
                        Arbitraries.just(new Field("x", "y".repeat(100_000)))
                                .list()
                                .ofSize(2)),
                Tuple.of(1, field.list().ofMinSize(100).ofMaxSize(300)));
    }

    @Provide
    Arbitrary<List<List<Field>>> entries() {
        return entry().list().ofMinSize(1).ofMaxSize(10);
    }

    @Property
    void batchTellsBallotsFromTheRest(@ForAll("entries") List<List<Field>> entries) {
        var read = entries.stream()
                .map(fields -> new StreamEntry("1-1", bytes(fields)))
                .toList();

        var batch = Batch.of(read, OPTIONS, Instant.now());

        var expected = new TreeMap<String, String>();
        entries.stream()
                .filter(StreamFuzzTest::isBallot)
                .forEach(fields -> expected.put(id(fields).toString(), choice(fields)));
        assertThat(batch.choices()).isEqualTo(expected);
        assertThat(batch.ballots() + batch.rejected().size()).isEqualTo(entries.size());
        assertThat(batch.rejected().stream().map(Batch.Rejected::entry))
                .containsExactlyElementsOf(IntStream.range(0, read.size())
                        .filter(i -> !isBallot(entries.get(i)))
                        .mapToObj(read::get)
                        .toList());
    }

    @Property
    void drainGoesOn(@ForAll("entries") List<List<Field>> entries) throws SQLException {
        var stream = entries.size() % Stores.STREAMS;
        var ids = cast(stream, entries);

        var outcome = drainer.drainOnce(stream);

        var ballotsOfBatch =
                (int) entries.stream().filter(StreamFuzzTest::isBallot).count();
        assertThat(outcome).isEqualTo(new Drainer.Outcome(true, ballotsOfBatch, entries.size() - ballotsOfBatch));
        for (int i = 0; i < entries.size(); i++) {
            var fields = entries.get(i);
            if (isBallot(fields)) {
                ballots.put(id(fields), choice(fields));
            } else {
                rejected.add(text(stream, ids.get(i), bytes(fields)));
            }
        }
    }

    /** What a ballot is, once more and in other words than in {@link Batch}. */
    private static boolean isBallot(List<Field> fields) {
        return values("ballot_id", fields).size() == 1
                && values("choice", fields).size() == 1
                && UUID_FORM.test(values("ballot_id", fields).getFirst())
                && OPTIONS.contains(values("choice", fields).getFirst());
    }

    private static List<String> values(String name, List<Field> fields) {
        return fields.stream()
                .filter(field -> field.name.equals(name))
                .map(Field::value)
                .toList();
    }

    private static UUID id(List<Field> fields) {
        return UUID.fromString(values("ballot_id", fields).getFirst());
    }

    private static String choice(List<Field> fields) {
        return values("choice", fields).getFirst();
    }

    /** Casts all in one round trip; returns the ids of the entries. */
    private static List<String> cast(int stream, List<List<Field>> entries) {
        try (var pipeline = redis.pipelined()) {
            var replies = entries.stream()
                    .map(fields -> pipeline.sendCommand(
                            XADD,
                            Stream.concat(Stream.of(bytes(Vote.name(stream)), bytes("*")), bytes(fields).stream())
                                    .toArray(byte[][]::new)))
                    .toList();
            pipeline.sync();
            return replies.stream()
                    .map(reply -> new String((byte[]) reply.get(), UTF_8))
                    .toList();
        }
    }

    private static List<byte[]> bytes(List<Field> fields) {
        return fields.stream()
                .flatMap(field -> Stream.of(bytes(field.name), bytes(field.value)))
                .toList();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(ISO_8859_1);
    }

    private static String text(int stream, String id, List<byte[]> fields) {
        return stream + " " + id + " "
                + fields.stream().map(field -> new String(field, ISO_8859_1)).toList();
    }
}
