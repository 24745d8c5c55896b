package voting.worker;

import java.util.List;
import java.util.UUID;

/**
 * How far a stream has been read, and of which data.
 *
 * @param entryId the last entry that was read; {@link #START} before the first
 * @param origin identity of the data in Redis, or null before the first contact
 * @param entriesRead how many entries of that data were read, those counted as missing included
 * @param entriesMissing how many entries were read and trimmed, but into another database than this
 */
record Position(String entryId, UUID origin, long entriesRead, long entriesMissing) {

    static final String START = "0-0";

    /** Whether the stream is the one that was read, and this database the one that it was read into. */
    boolean fits(BallotStreams.Contents contents) {
        return origin != null
                && origin.equals(contents.origin())
                && isWithin(contents)
                && contents.entriesRead() <= entriesRead;
    }

    /** A stream never forgets the last id it gave, whatever is trimmed: one that is behind has been set back. */
    boolean isWithin(BallotStreams.Contents contents) {
        return StreamEntry.compareIds(entryId, contents.lastId()) <= 0;
    }

    Position after(List<StreamEntry> entries) {
        return new Position(entries.getLast().id(), origin, entriesRead + entries.size(), entriesMissing);
    }
}
