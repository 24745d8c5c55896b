package voting.worker;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * What the worker says to Postgres, always inside the caller's transaction. Stateless, for any thread.
 *
 * <p>Cost per batch: one look-up and one insert or update of its ballots as arrays, and a handful of single rows.
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

    /** Stores everything that a batch means, and tells the result service. */
    void save(Connection connection, int stream, Batch batch) throws SQLException {
        saveBallots(connection, stream, batch.choices());
        saveBallotsPerMinute(connection, stream, batch);
        saveRejected(connection, stream, batch.rejected());
        try (var statement = connection.createStatement()) {
            statement.execute("notify tally");
        }
    }

    /** Stores the choices, and adds to the tally what they change. */
    private void saveBallots(Connection connection, int stream, Map<UUID, String> choices) throws SQLException {
        if (choices.isEmpty()) {
            return;
        }
        var stored = lockStored(connection, choices);
        var added = new HashMap<UUID, String>();
        var changed = new HashMap<UUID, String>();
        var differences = new HashMap<String, Long>();
        choices.forEach((id, choice) -> {
            var before = stored.get(id);
            if (choice.equals(before)) {
                return;
            }
            differences.merge(choice, 1L, Long::sum);
            if (before == null) {
                added.put(id, choice);
            } else {
                changed.put(id, choice);
                differences.merge(before, -1L, Long::sum);
            }
        });
        // Not "on conflict": a ballot that another transaction added since we looked must fail this one, which is
        // then repeated and finds it. It happens only when one id came through two streams.
        writeBallots(connection, "insert into ballot (id, choice) select * from unnest(?, ?)", added);
        writeBallots(
                connection,
                "update ballot set choice = new.choice from unnest(?, ?) as new (id, choice) where ballot.id = new.id",
                changed);
        addToTally(connection, stream, differences);
    }

    private Map<UUID, String> lockStored(Connection connection, Map<UUID, String> choices) throws SQLException {
        var stored = new HashMap<UUID, String>();
        try (var select = connection.prepareStatement(
                "select id, choice from ballot where id = any (?) order by id for update")) {
            select.setArray(1, connection.createArrayOf("uuid", choices.keySet().toArray()));
            try (var row = select.executeQuery()) {
                while (row.next()) {
                    stored.put(row.getObject(1, UUID.class), row.getString(2));
                }
            }
        }
        return stored;
    }

    private void writeBallots(Connection connection, String sql, Map<UUID, String> choices) throws SQLException {
        if (choices.isEmpty()) {
            return;
        }
        try (var write = connection.prepareStatement(sql)) {
            write.setArray(1, connection.createArrayOf("uuid", choices.keySet().toArray()));
            write.setArray(2, connection.createArrayOf("text", choices.values().toArray()));
            write.executeUpdate();
        }
    }

    private void addToTally(Connection connection, int stream, Map<String, Long> differences) throws SQLException {
        try (var upsert = connection.prepareStatement("""
                insert into tally (stream, choice, votes) values (?, ?, ?)
                on conflict (stream, choice) do update set votes = tally.votes + excluded.votes
                """)) {
            for (var difference : differences.entrySet()) {
                upsert.setInt(1, stream);
                upsert.setString(2, difference.getKey());
                upsert.setLong(3, difference.getValue());
                upsert.addBatch();
            }
            upsert.executeBatch();
        }
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
