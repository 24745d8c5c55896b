package voting.worker;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisException;

/**
 * One step of the worker: moves the next batch of one stream into Postgres. Every ballot is counted exactly once,
 * wherever the process dies, because ballots, tally and position change in one transaction. For one thread; any number
 * of drainers may work on the same streams.
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
    private final DrainTelemetry telemetry;
    private ReadAhead ahead;

    Drainer(
            BallotStreams streams,
            BallotStore store,
            DataSource dataSource,
            Set<String> options,
            DrainTelemetry telemetry) {
        this.streams = streams;
        this.store = store;
        this.dataSource = dataSource;
        this.options = options;
        this.telemetry = telemetry;
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

        /** Whether the stream probably holds more. */
        boolean full() {
            return counted + rejected == BATCH_LIMIT;
        }
    }

    /** What a stream holds after a position, and what that means for the ballots. */
    private record Next(BallotStreams.Contents contents, Batch batch) {}

    /** What is read while Postgres is busy with the batch before. */
    private record ReadAhead(int stream, String position, CompletableFuture<Next> next) {}

    /** Drains at most {@link #BATCH_LIMIT} entries of a stream; does not wait for any. */
    Outcome drainOnce(int stream) throws SQLException {
        DrainTelemetry.forgetSpan();
        try (var connection = dataSource.getConnection()) {
            var start = System.nanoTime();
            var position = store.lockPosition(connection, stream);
            if (position == null) {
                connection.rollback();
                return Outcome.NOT_HELD;
            }
            var next = next(stream, position.entryId());
            if (position.fits(next.contents)) {
                return drain(connection, stream, position, next, start);
            }
            store.savePosition(connection, stream, corrected(stream, position, next.contents));
            connection.commit();
        }
        return drainOnce(stream);
    }

    private Outcome drain(Connection connection, int stream, Position position, Next next, long startNanos)
            throws SQLException {
        var entries = next.contents.entries();
        if (entries.isEmpty()) {
            if (next.contents.entriesRead() < position.entriesRead()) { // a crash between commit and trim
                // A Postgres that has restarted shows commits that its standby may not have; this one waits for that,
                // and so for those before it. What is trimmed is then on both.
                store.savePosition(connection, stream, position);
                connection.commit();
                streams.trimThrough(stream, position);
            } else {
                connection.rollback();
            }
            return Outcome.NOTHING_TO_DO;
        }
        var after = position.after(entries);
        var full = entries.size() == BATCH_LIMIT;
        if (full) {
            readAhead(stream, after.entryId());
        }
        var batch = next.batch;
        var span = telemetry.startSpan(stream, batch, startNanos);
        var scope = span.makeCurrent();
        try {
            var changed = store.save(connection, stream, batch);
            store.savePosition(connection, stream, after);
            // A crash before this line changes nothing: the next worker reads the same entries after the same position.
            connection.commit();
            // A crash after it repeats nothing: the entries are still in the stream, but behind the position.
            telemetry.committed(next.contents, batch, changed, startNanos);
        } finally {
            scope.close();
            span.end();
        }
        if (full) {
            Thread.startVirtualThread(() -> trimQuietly(stream, after));
        } else {
            streams.trimThrough(stream, after);
        }
        return new Outcome(true, batch.ballots(), batch.rejected().size());
    }

    /**
     * While a stream holds more than a batch, Redis is asked beside the transactions. Entries never change: what was
     * read ahead is as good as read now, provided that it follows the position that is then locked.
     */
    private void readAhead(int stream, String position) {
        ahead = new ReadAhead(
                stream,
                position,
                CompletableFuture.supplyAsync(() -> read(stream, position), Thread::startVirtualThread));
    }

    private Next next(int stream, String position) {
        var candidate = ahead;
        ahead = null;
        if (candidate != null && candidate.stream == stream && candidate.position.equals(position)) {
            var next = candidate.next.exceptionally(failure -> null).join();
            if (next != null) {
                return next;
            }
        }
        return read(stream, position);
    }

    private Next read(int stream, String position) {
        var contents = streams.read(stream, position, BATCH_LIMIT);
        return new Next(contents, Batch.of(contents.entries(), options, Instant.now()));
    }

    private void trimQuietly(int stream, Position position) {
        try {
            streams.trimThrough(stream, position);
        } catch (JedisException e) {
            log.debug("Stream {} was not trimmed; a later batch does it", stream, e);
        }
    }

    /**
     * Where to go on when Redis or this database is not what it was. Nothing that is in the stream is skipped: counting
     * an entry again changes nothing, unless its voter has changed the choice since.
     *
     * <p>So who holds the stream is asked anew: a master that stalled until another took over still answers for seconds,
     * and has older choices.
     */
    private Position corrected(int stream, Position position, BallotStreams.Contents contents) {
        streams.close();
        var origin = streams.mark(stream);
        var isAnothers = contents.origin() == null
                ? origin.equals(position.origin()) // what has only now got an identity was not read before
                : !origin.equals(contents.origin());
        if (isAnothers) {
            return position; // to be read again, where the stream is now
        }
        if (position.origin() != null && !(position.origin().equals(origin) && position.isWithin(contents))) {
            log.warn(
                    "Stream {} is not the one that was read up to {}: Redis was emptied or restored, or another one holds"
                            + " it now. Counting all that is there; ballots that only the former had are lost.",
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
