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
}
