package voting.result;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.time.Instant;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/**
 * What viewers are to know right now, with its events already written as bytes: however many viewers there are, each
 * event is written once.
 *
 * @param tally the newest that could be read; null before the first
 * @param activity the newest that could be read; null before the first
 * @param unreachableSince since when Postgres cannot be read, or null
 */
record Snapshot(
        Tally tally,
        Activity activity,
        Instant unreachableSince,
        byte[] tallyJson,
        byte[] tallyEvent,
        byte[] activityEvent,
        byte[] outageEvent) {

    private static final byte[] NONE = {};

    static final Snapshot EMPTY = new Snapshot(null, null, null, NONE, NONE, NONE, NONE);

    /** The next snapshot after a successful read. Votes that did not change keep their event, and so are not sent. */
    Snapshot read(Tally newTally, Activity newActivity, JsonMapper json) {
        var newJson = json.writeValueAsBytes(newTally);
        var sameTally = newTally.hasSameVotesAs(tally) && unreachableSince == null;
        return new Snapshot(
                newTally,
                newActivity,
                null,
                newJson,
                sameTally ? tallyEvent : event("tally", newJson),
                newActivity.equals(activity) ? activityEvent : event("activity", json.writeValueAsBytes(newActivity)),
                NONE);
    }

    /** The same snapshot, from now on out of date. */
    Snapshot unreachable(Instant since, JsonMapper json) {
        var details = tally == null ? Map.of("since", since) : Map.of("since", since, "asOf", tally.asOf());
        var outage = event("outage", json.writeValueAsBytes(details));
        return new Snapshot(tally, activity, since, tallyJson, tallyEvent, activityEvent, outage);
    }

    /** What a viewer who has seen that earlier snapshot has to be sent, in order. */
    byte[] eventsSince(Snapshot earlier) {
        var events = new ByteArrayOutputStream(tallyEvent.length + activityEvent.length + outageEvent.length);
        writeIfNew(tallyEvent, earlier.tallyEvent, events);
        writeIfNew(activityEvent, earlier.activityEvent, events);
        writeIfNew(outageEvent, earlier.outageEvent, events);
        return events.toByteArray();
    }

    private static void writeIfNew(byte[] event, byte[] earlier, ByteArrayOutputStream events) {
        if (event != earlier) {
            events.writeBytes(event);
        }
    }

    static byte[] event(String name, byte[] json) {
        return ("event: " + name + "\ndata: " + new String(json, UTF_8) + "\n\n").getBytes(UTF_8);
    }
}
