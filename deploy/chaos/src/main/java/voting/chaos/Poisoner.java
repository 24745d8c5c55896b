package voting.chaos;

import static redis.clients.jedis.Protocol.Command.XADD;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;
import voting.load.Poison;

/** Puts entries into the streams that cannot be ballots, and keeps a list of them. */
final class Poisoner {

    private static final int TIMEOUT_MILLIS = 1_000;
    private static final String SOME_ID = "5f3e9a52-9e0c-4d0e-8c3b-0123456789ab";

    /** Each is named after what is wrong with it. */
    private static final List<List<String>> MISTAKES = List.of(
            List.of("mistake", "unknown option", "ballot_id", SOME_ID, "choice", "parrots"),
            List.of("mistake", "empty option", "ballot_id", SOME_ID, "choice", ""),
            List.of("mistake", "malformed id", "ballot_id", "not-a-uuid", "choice", "cats"),
            List.of("mistake", "upper case id", "ballot_id", SOME_ID.toUpperCase(), "choice", "cats"),
            List.of("mistake", "no id", "choice", "cats"),
            List.of("mistake", "no choice", "ballot_id", SOME_ID),
            List.of("mistake", "two choices", "ballot_id", SOME_ID, "choice", "cats", "choice", "dogs"),
            List.of("mistake", "NUL in the choice", "ballot_id", SOME_ID, "choice", "cats\u0000"),
            List.of("mistake", "NUL in the id", "ballot_id", "\u0000" + SOME_ID.substring(1), "choice", "cats"),
            List.of("mistake", "choice not UTF-8", "ballot_id", SOME_ID, "choice", "\u00ff\u00fe"),
            List.of("mistake", "id not UTF-8", "ballot_id", "\u00c3(" + SOME_ID.substring(2), "choice", "cats"),
            List.of("mistake", "10 kB of choice", "ballot_id", SOME_ID, "choice", "x".repeat(10_000)));

    private final Supplier<URI> redis;
    private final int streams;
    private final AtomicInteger number = new AtomicInteger();
    private final List<Poison> put = new CopyOnWriteArrayList<>();

    Poisoner(Supplier<URI> redis, int streams) {
        this.redis = redis;
        this.streams = streams;
    }

    /** Every so many entries one has an id as if Redis' clock had been ahead when it came, and was set right then. */
    private static final int AHEAD_OF_TIME = 10;

    /** Tries once; Redis may be struck by another fault. Returns whether Redis has confirmed it. */
    boolean put(int variant) {
        var fields = new ArrayList<>(MISTAKES.get(variant % MISTAKES.size()));
        fields.add("number"); // no two are alike; workers ignore other fields
        fields.add(Integer.toString(number.incrementAndGet()));
        var stream = "votes:{%d}".formatted(new Random(variant).nextInt(streams));
        try (var jedis = new Jedis(redis.get(), TIMEOUT_MILLIS)) {
            var arguments = Stream.concat(Stream.of(stream, entryId(variant)), fields.stream())
                    .map(Poison::bytes);
            jedis.sendCommand(XADD, arguments.toArray(byte[][]::new));
            put.add(new Poison(fields, true));
            return true;
        } catch (JedisDataException e) {
            return false; // Redis is full: certainly not there
        } catch (JedisException e) {
            put.add(new Poison(fields, false));
            return false;
        }
    }

    private String entryId(int variant) {
        return variant % AHEAD_OF_TIME == 0
                ? System.currentTimeMillis() + Duration.ofMinutes(number.get()).toMillis() + "-0"
                : "*";
    }

    List<Poison> all() {
        return List.copyOf(put);
    }
}
