package voting.worker;

import java.util.List;

/**
 * An entry of a stream as Redis gives it, not yet trusted.
 *
 * @param id the entry's id, {@code <milliseconds>-<sequence>}: its time of acceptance by Redis' clock
 * @param fields names and values in turn, possibly of any bytes
 */
record StreamEntry(String id, List<byte[]> fields) {

    /** Milliseconds since the epoch, or the largest number when the id was made up beyond it. */
    long acceptedAtMillis() {
        var millis = Long.parseUnsignedLong(id, 0, id.indexOf('-'), 10);
        return millis < 0 ? Long.MAX_VALUE : millis;
    }

    /** Orders ids as Redis does: by milliseconds, then by sequence, both unsigned. */
    static int compareIds(String one, String other) {
        var byMillis = Long.compareUnsigned(part(one, 0), part(other, 0));
        return byMillis != 0 ? byMillis : Long.compareUnsigned(part(one, 1), part(other, 1));
    }

    private static long part(String id, int index) {
        return Long.parseUnsignedLong(id.split("-", 2)[index]);
    }
}
