package voting.worker;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.sql.Types;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.UUID;

/**
 * What the worker says to Postgres, always inside the caller's transaction. Stateless, for any thread.
 *
 * <p>Cost per batch: one statement that gets its ballots as arrays, and a handful for single rows.
 */
class BallotStore {

    /**
     * Makes sure that every stream has its position row; harmless when it has. "On conflict" alone would wait for the
     * batch that has a row in hand, and a worker that hangs would keep the others from starting.
     *
     * @throws TooFewStreamsException when there have been more streams: ballots in them would never be counted
     */
    void createPositions(Connection connection, int streams) throws SQLException {
        try (var insert = connection.prepareStatement("""
                insert into stream_position (stream)
                select number from generate_series(0, ? - 1) as number
                where number not in (select stream from stream_position)
                on conflict do nothing
                """)) {
            insert.setInt(1, streams);
            insert.executeUpdate();
        }
        try (var statement = connection.createStatement();
                var row = statement.executeQuery("select max(stream) from stream_position")) {
            if (row.next() && row.getInt(1) >= streams) {
                throw new TooFewStreamsException(streams);
            }
        }
    }

    /**
     * Locks the stream for this transaction and returns how far it has been read, or null while another worker has it.
     * The lock is the lease of the stream: it goes with the connection, whatever becomes of the process.
     */
    Position lockPosition(Connection connection, int stream) throws SQLException {
        try (var select = connection.prepareStatement("""
                select entry_id, origin, entries_read, entries_missing from stream_position
                where stream = ? for update skip locked
                """)) {
            select.setInt(1, stream);
            try (var row = select.executeQuery()) {
                return row.next()
                        ? new Position(row.getString(1), row.getObject(2, UUID.class), row.getLong(3), row.getLong(4))
                        : null;
            }
        }
    }

    /**
     * What is counted at one moment.
     *
     * @param entriesRead how many of each stream
     * @param today ballots, changed votes included, that were accepted since midnight (UTC)
     */
    record Counted(Map<Integer, Long> entriesRead, long today) {}

    /** One statement, so that all is of the same moment; locks nothing. */
    Counted counted(Connection connection) throws SQLException {
        var entriesRead = new HashMap<Integer, Long>();
        var today = 0L;
        try (var statement = connection.createStatement();
                var row = statement.executeQuery("""
                        select stream, entries_read, today
                        from (
                            select coalesce(sum(votes), 0) as today from votes_per_minute
                            where minute >= date_trunc('day', now(), 'UTC')
                        ) as counted, stream_position
                        """)) {
            while (row.next()) {
                entriesRead.put(row.getInt(1), row.getLong(2));
                today = row.getLong(3);
            }
        }
        return new Counted(entriesRead, today);
    }

    /**
     * Stores everything that a batch means, and tells the result service when, by Postgres' clock.
     *
     * @return how many ballots replaced another choice of their voter
     */
    int save(Connection connection, int stream, Batch batch) throws SQLException {
        var changed = saveBallots(connection, stream, batch.choices());
        saveBallotsPerMinute(connection, stream, batch);
        saveRejected(connection, stream, batch.rejected());
        notify(connection, Span.current().getSpanContext());
        return changed;
    }

    /**
     * Stores the choices, and adds to the tally what they change. In the order of the ids: should two batches share some,
     * because they came through two streams, the second waits for the first rather than both for each other. They come in
     * that order already; Postgres finds them sorted.
     */
    private int saveBallots(Connection connection, int stream, SortedMap<String, String> choices) throws SQLException {
        if (choices.isEmpty()) {
            return 0;
        }
        try (var statement = connection.prepareStatement("""
                with stored as (
                    insert into ballot as stored (id, choice)
                    select id, choice from unnest(?::uuid[], ?::text[]) as cast_now (id, choice) order by id
                    on conflict (id) do update set choice = excluded.choice, previous_choice = stored.choice
                    where stored.choice <> excluded.choice
                    returning choice, previous_choice
                ), difference as (
                    select choice, 1 as votes from stored
                    union all
                    select previous_choice, -1 from stored where previous_choice is not null
                ), total as (
                    insert into tally (stream, choice, votes)
                    select ?, choice, sum(votes) from difference group by choice
                    on conflict (stream, choice) do update set votes = tally.votes + excluded.votes
                )
                select count(previous_choice) from stored
                """)) {
            statement.setObject(1, arrayLiteral(choices.keySet()), Types.OTHER);
            statement.setObject(2, arrayLiteral(choices.values()), Types.OTHER);
            statement.setInt(3, stream);
            try (var row = statement.executeQuery()) {
                row.next();
                return row.getInt(1);
            }
        }
    }

    /** The time, and the trace of this batch when it has one. */
    private void notify(Connection connection, SpanContext span) throws SQLException {
        var trace = span.isSampled() ? " 00-" + span.getTraceId() + "-" + span.getSpanId() + "-01" : "";
        try (var statement = connection.prepareStatement(
                "select pg_notify('tally', (extract(epoch from clock_timestamp()) * 1000)::bigint || ?)")) {
            statement.setString(1, trace);
            statement.execute();
        }
    }

    /**
     * Of at least one id, which have nothing to escape; the quotes are for one that is called "null". The driver's own
     * arrays look at every character: 5 % fewer ballots/s.
     */
    private static String arrayLiteral(Collection<String> ids) {
        return "{\"" + String.join("\",\"", ids) + "\"}";
    }

    private void saveBallotsPerMinute(Connection connection, int stream, Batch batch) throws SQLException {
        try (var upsert = connection.prepareStatement("""
                insert into votes_per_minute (minute, stream, votes) values (?, ?, ?)
                on conflict (minute, stream) do update set votes = votes_per_minute.votes + excluded.votes
                """)) {
            for (var minute : batch.ballotsPerMinute().entrySet()) {
                upsert.setTimestamp(1, Timestamp.from(minute.getKey()));
                upsert.setInt(2, stream);
                upsert.setLong(3, minute.getValue());
                upsert.addBatch();
            }
            upsert.executeBatch();
        }
    }

    private void saveRejected(Connection connection, int stream, List<Batch.Rejected> rejected) throws SQLException {
        if (rejected.isEmpty()) {
            return;
        }
        try (var insert = connection.prepareStatement(
                "insert into rejected_entry (stream, entry_id, fields, reason) values (?, ?, ?, ?)")) {
            for (var rejection : rejected) {
                insert.setInt(1, stream);
                insert.setString(2, rejection.entry().id());
                insert.setArray(
                        3,
                        connection.createArrayOf(
                                "bytea", rejection.entry().fields().toArray(byte[][]::new)));
                insert.setString(4, rejection.reason());
                insert.executeUpdate();
            }
        }
    }

    void savePosition(Connection connection, int stream, Position position) throws SQLException {
        try (var update = connection.prepareStatement("""
                update stream_position set entry_id = ?, origin = ?, entries_read = ?, entries_missing = ?
                where stream = ?
                """)) {
            update.setString(1, position.entryId());
            update.setObject(2, position.origin());
            update.setLong(3, position.entriesRead());
            update.setLong(4, position.entriesMissing());
            update.setInt(5, stream);
            update.executeUpdate();
        }
    }
}
