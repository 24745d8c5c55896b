package voting.worker;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Set;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One step of the worker: moves the next batch of one stream into Postgres. Every ballot is counted exactly once,
 * wherever the process dies, because ballots, tally and position change in one transaction. For one thread, as its
 * streams are; any number of drainers may work on the same streams.
 *
 * <p>Cost per batch: one read, one transaction, one trim.
 */
final class Drainer {

    /**
     * Entries per transaction. Measured with a million new voters on four streams: 1,000 drain at 79 % of the rate of
     * 2,000, and 4,000 at 105 % (but at 91 % when the voters change their vote).
     */
    static final int BATCH_LIMIT = 2_000;

    private static final Logger log = LoggerFactory.getLogger(Drainer.class);

    private final BallotStreams streams;
    private final BallotStore store;
    private final DataSource dataSource;
    private final Set<String> options;

    Drainer(BallotStreams streams, BallotStore store, DataSource dataSource, Set<String> options) {
        this.streams = streams;
        this.store = store;
        this.dataSource = dataSource;
        this.options = options;
    }

    /**
     * What one step did.
     *
     * @param held whether the stream was ours; when not, another worker is draining it right now
     * @param counted ballots counted, repeated ones included
     * @param rejected entries that could not be ballots
     */
    record Outcome(boolean held, int counted, int rejected) {

        private static final Outcome NOT_HELD = new Outcome(false, 0, 0);
        private static final Outcome NOTHING_TO_DO = new Outcome(true, 0, 0);
    }

    /** Drains at most {@link #BATCH_LIMIT} entries of a stream; does not wait for any. */
    Outcome drainOnce(int stream) throws SQLException {
        try (var connection = dataSource.getConnection()) {
            var position = store.lockPosition(connection, stream);
            if (position == null) {
                connection.rollback();
                return Outcome.NOT_HELD;
            }
            var contents = streams.read(stream, position.entryId(), BATCH_LIMIT);
            if (position.fits(contents)) {
                return drain(connection, stream, position, contents);
            }
            store.savePosition(connection, stream, corrected(stream, position, contents));
            connection.commit();
        }
        return drainOnce(stream);
    }

    private Outcome drain(Connection connection, int stream, Position position, BallotStreams.Contents contents)
            throws SQLException {
        var entries = contents.entries();
        if (entries.isEmpty()) {
            connection.rollback();
            if (contents.entriesRead() < position.entriesRead()) { // a crash between commit and trim
                streams.trimThrough(stream, position);
            }
            return Outcome.NOTHING_TO_DO;
        }
        var batch = Batch.of(entries, options, Instant.now());
        var after = position.after(entries);
        store.save(connection, stream, batch);
        store.savePosition(connection, stream, after);
        // A crash before this line changes nothing: the next worker reads the same entries after the same position.
        connection.commit();
        // A crash after it repeats nothing: the entries are still in the stream, but behind the position.
        streams.trimThrough(stream, after);
        return new Outcome(true, batch.ballots(), batch.rejected().size());
    }

    /**
     * Where to go on when Redis or this database is not what it was. Nothing that is in the stream is skipped: counting
     * an entry again changes nothing, unless its voter has changed the choice since.
     */
    private Position corrected(int stream, Position position, BallotStreams.Contents contents) {
        var origin = streams.mark(stream);
        if (position.origin() != null && !(position.origin().equals(origin) && position.isWithin(contents))) {
            log.warn(
                    "Stream {} is not the one that was read up to {}: Redis was emptied, replaced or restored. Counting"
                            + " all that it holds; ballots that waited in the old one are lost with it.",
                    stream,
                    position.entryId());
            return new Position(Position.START, origin, contents.entriesRead(), position.entriesMissing());
        }
        var missing = contents.entriesRead() - position.entriesRead();
        if (missing > 0) {
            log.error(
                    "{} ballots of stream {} were counted, but not in this database: it was replaced, or restored from"
                            + " an older dump. They are missing here unless a newer one is restored. Going on.",
                    missing,
                    stream);
        }
        return new Position(
                position.entryId(),
                origin,
                Math.max(position.entriesRead(), contents.entriesRead()),
                position.entriesMissing() + Math.max(0, missing));
    }
}
