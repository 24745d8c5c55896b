package voting.worker;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/**
 * What a run of entries of one stream comes to: each voter's last choice, the entries that cannot be ballots, and how
 * many ballots were accepted in which minute.
 */
final class Batch {

    private static final long MINUTE_MILLIS = 60_000;

    /** Names and values: ballot id and choice. */
    private static final int FIELDS_OF_AN_UNTRACED_VOTE = 4;

    private static final int TRACE_PARENT_LENGTH = 55;

    private final SortedMap<String, String> choices = new TreeMap<>();
    private final Map<Instant, Long> ballotsPerMinute = new HashMap<>();
    private final List<Rejected> rejected = new ArrayList<>();
    private final List<String> traceParents = new ArrayList<>();
    private final List<Long> acceptedAtMillis = new ArrayList<>();

    /** @param fields the entry as it came; @param reason why it cannot be a ballot */
    record Rejected(StreamEntry entry, String reason) {}

    private static final class NotABallot extends Exception {

        private static final long serialVersionUID = 1L;

        NotABallot(String reason) {
            super(reason, null, false, false);
        }
    }

    /**
     * @param entries of one stream, in its order
     * @param options the ids that a ballot may choose
     * @param now entries with a later time are counted for this minute: a clock that ran ahead draws no future
     */
    static Batch of(List<StreamEntry> entries, Set<String> options, Instant now) {
        var batch = new Batch();
        for (var entry : entries) {
            try {
                batch.add(entry, options, now.toEpochMilli());
            } catch (NotABallot e) {
                batch.rejected.add(new Rejected(entry, e.getMessage()));
            }
        }
        return batch;
    }

    private void add(StreamEntry entry, Set<String> options, long nowMillis) throws NotABallot {
        var ballotId = ballotId(single(entry, "ballot_id"));
        var choice = new String(single(entry, "choice"), UTF_8);
        if (!options.contains(choice)) {
            throw new NotABallot("unknown option");
        }
        choices.put(ballotId, choice); // a later choice of the same voter replaces the earlier one
        if (entry.fields().size() > FIELDS_OF_AN_UNTRACED_VOTE) {
            addTraceParent(entry.fields());
        }
        acceptedAtMillis.add(entry.acceptedAtMillis());
        var millis = Math.min(entry.acceptedAtMillis(), nowMillis);
        ballotsPerMinute.merge(Instant.ofEpochMilli(millis - millis % MINUTE_MILLIS), 1L, Long::sum);
    }

    /** Whatever else it is, it keeps no ballot from being counted. */
    private void addTraceParent(List<byte[]> fields) {
        for (int i = 0; i + 1 < fields.size(); i += 2) {
            if (fields.get(i + 1).length == TRACE_PARENT_LENGTH
                    && "traceparent".equals(new String(fields.get(i), UTF_8))) {
                traceParents.add(new String(fields.get(i + 1), UTF_8));
            }
        }
    }

    private static byte[] single(StreamEntry entry, String name) throws NotABallot {
        var fields = entry.fields();
        byte[] value = null;
        for (int i = 0; i + 1 < fields.size(); i += 2) {
            if (name.equals(new String(fields.get(i), UTF_8))) {
                if (value != null) {
                    throw new NotABallot("field " + name + " is there twice");
                }
                value = fields.get(i + 1);
            }
        }
        if (value == null) {
            throw new NotABallot("field " + name + " is missing");
        }
        return value;
    }

    /** Only the canonical form is an id: two spellings of one id would be two entries in an index of text. */
    private static String ballotId(byte[] value) throws NotABallot {
        if (value.length == 36) {
            var text = new String(value, UTF_8);
            try {
                if (UUID.fromString(text).toString().equals(text)) {
                    return text;
                }
            } catch (IllegalArgumentException e) {
                // Falls through to the one reason that fits.
            }
        }
        throw new NotABallot("malformed ballot id");
    }

    /** By ballot id, in the order of the ids, which as text is that of Postgres. */
    SortedMap<String, String> choices() {
        return choices;
    }

    Map<Instant, Long> ballotsPerMinute() {
        return ballotsPerMinute;
    }

    List<Rejected> rejected() {
        return rejected;
    }

    /** How many entries were ballots, repeated ones included. */
    int ballots() {
        return acceptedAtMillis.size();
    }

    /** Of the votes that are traced; possibly not what they say. */
    List<String> traceParents() {
        return traceParents;
    }

    /** When each of them was accepted, by Redis' clock. */
    List<Long> acceptedAtMillis() {
        return acceptedAtMillis;
    }
}
