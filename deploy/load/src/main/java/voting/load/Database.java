package voting.load;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.stream.Stream;

/** One connection to Postgres as the owner of the database. */
final class Database implements AutoCloseable {

    private static final int ROWS_PER_FETCH = 10_000;

    private final Connection connection;

    Database(Access.Postgres postgres) {
        try {
            connection = DriverManager.getConnection(postgres.jdbcUrl(), postgres.user(), postgres.password());
        } catch (SQLException e) {
            throw new LoadException("Cannot connect to Postgres at %s: %s", postgres.jdbcUrl(), e.getMessage());
        }
    }

    long number(String sql) {
        return Long.parseLong(text(sql));
    }

    /** The first column of the first row, or null. */
    String text(String sql) {
        try (var statement = connection.createStatement();
                var row = statement.executeQuery(sql)) {
            return row.next() ? row.getString(1) : null;
        } catch (SQLException e) {
            throw failure(sql, e);
        }
    }

    void execute(String sql) {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw failure(sql, e);
        }
    }

    /** In one transaction. */
    void executeAll(List<String> statements) {
        try {
            connection.setAutoCommit(false);
            statements.forEach(this::execute);
            connection.commit();
            connection.setAutoCommit(true);
        } catch (SQLException e) {
            throw failure("commit", e);
        }
    }

    void forEachBallot(BiConsumer<UUID, String> reader) {
        try (var statement = connection.createStatement()) {
            connection.setAutoCommit(false); // only a transaction reads with a cursor
            statement.setFetchSize(ROWS_PER_FETCH);
            try (var row = statement.executeQuery("select id, choice from ballot")) {
                while (row.next()) {
                    reader.accept(row.getObject(1, UUID.class), row.getString(2));
                }
            }
            connection.setAutoCommit(true);
        } catch (SQLException e) {
            throw failure("ballots", e);
        }
    }

    Map<String, Long> votesByOption() {
        var votes = new TreeMap<String, Long>();
        query(
                "select choice, sum(votes) from tally group by choice",
                row -> votes.put(row.getString(1), row.getLong(2)));
        return votes;
    }

    List<List<String>> rejected() {
        var rejected = new ArrayList<List<String>>();
        query("select fields from rejected_entry order by id", row -> {
            var fields = (byte[][]) row.getArray(1).getArray();
            rejected.add(Stream.of(fields).map(Poison::text).toList());
        });
        return rejected;
    }

    private interface RowReader {
        void read(ResultSet row) throws SQLException;
    }

    private void query(String sql, RowReader reader) {
        try (var statement = connection.createStatement();
                var row = statement.executeQuery(sql)) {
            while (row.next()) {
                reader.read(row);
            }
        } catch (SQLException e) {
            throw failure(sql, e);
        }
    }

    /** Which of them are stored. */
    List<UUID> stored(Collection<UUID> ballotIds) {
        try (var statement = connection.prepareStatement("select id from ballot where id = any(?)")) {
            statement.setArray(1, connection.createArrayOf("uuid", ballotIds.toArray()));
            var stored = new ArrayList<UUID>();
            try (var row = statement.executeQuery()) {
                while (row.next()) {
                    stored.add(row.getObject(1, UUID.class));
                }
            }
            return stored;
        } catch (SQLException e) {
            throw failure("ballots", e);
        }
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            throw failure("close", e);
        }
    }

    private static IllegalStateException failure(String what, SQLException e) {
        return new IllegalStateException("Postgres failed: " + what, e);
    }
}
