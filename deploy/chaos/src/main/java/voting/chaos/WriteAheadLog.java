package voting.chaos;

import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;
import voting.load.StoredReader;

/** The part of Postgres' volume without which it cannot even go on: when it is full, the whole server ends. */
final class WriteAheadLog {

    /** More segments than it keeps in reserve. */
    private static final int SEGMENTS = 20;

    private static final String BEGIN_ANOTHER_SEGMENT =
            "select pg_logical_emit_message(false, 'chaos', 'full'), pg_switch_wal()";

    private WriteAheadLog() {}

    /** Uses up the reserve, so that on a full volume it fails at once. */
    static void useUp(StoredReader stored) {
        var properties = new Properties();
        properties.put("user", stored.user());
        properties.put("password", stored.password());
        properties.put("connectTimeout", "1");
        properties.put("socketTimeout", "2");
        try (var connection = DriverManager.getConnection(stored.jdbcUrl(), properties);
                var statement = connection.createStatement()) {
            for (int i = 0; i < SEGMENTS; i++) {
                statement.execute(BEGIN_ANOTHER_SEGMENT);
            }
        } catch (SQLException e) {
            // That is what it is for; or Postgres was struck by another fault as well.
        }
    }
}
