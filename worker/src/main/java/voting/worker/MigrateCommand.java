package voting.worker;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.core.env.Environment;

/**
 * {@code migrate}: brings the schema up to date as the owner role, sets the passwords of the service roles from
 * {@code POSTGRES_WORKER_PASSWORD} and {@code POSTGRES_RESULT_PASSWORD} where given, and ends. May be run at any time
 * and by several at once; Flyway lets one of them work.
 */
@EnableConfigurationProperties(PostgresSettings.class)
final class MigrateCommand {

    /** Compose starts us after Postgres is healthy; elsewhere it may take this many seconds longer. */
    private static final int CONNECT_RETRIES = 30;

    /** Any number that no other user of the database takes; these are the letters "pass". */
    private static final int PASSWORD_LOCK = 0x70617373;

    private static final Logger log = LoggerFactory.getLogger(MigrateCommand.class);

    private MigrateCommand() {}

    static void run(String[] args) {
        var application = new SpringApplicationBuilder(MigrateCommand.class)
                .web(WebApplicationType.NONE)
                .profiles("migrate");
        try (var context = application.run(args)) {
            migrate(context.getBean(PostgresSettings.class), context.getEnvironment());
        } catch (FlywayException | SQLException e) {
            log.error("The schema could not be migrated: {}", e.getMessage());
            System.exit(1);
        }
    }

    /** Throws what went wrong; may be called by several at once. */
    static void migrate(PostgresSettings postgres, Environment settings) throws SQLException {
        var url = postgres.getJdbcUrl();
        var user = settings.getProperty("POSTGRES_USER", "postgres");
        var password = settings.getProperty("POSTGRES_PASSWORD", "");
        var result = Flyway.configure()
                .dataSource(url, user, password)
                .connectRetries(CONNECT_RETRIES)
                .connectRetriesInterval(1) // otherwise each wait is twice the one before
                .load()
                .migrate();
        log.info(
                "The schema is at version {}; {} migrations were applied.", version(result), result.migrationsExecuted);
        try (var connection = DriverManager.getConnection(url, user, password);
                var statement = connection.createStatement()) {
            // One at a time, or Postgres says "tuple concurrently updated"; the lock goes with the connection.
            statement.execute("select pg_advisory_lock(" + PASSWORD_LOCK + ")");
            setPassword(connection, "worker", settings.getProperty("POSTGRES_WORKER_PASSWORD", ""));
            setPassword(connection, "result", settings.getProperty("POSTGRES_RESULT_PASSWORD", ""));
        }
    }

    private static String version(org.flywaydb.core.api.output.MigrateResult result) {
        return result.targetSchemaVersion == null ? result.initialSchemaVersion : result.targetSchemaVersion;
    }

    private static void setPassword(Connection connection, String role, String password) throws SQLException {
        if (password.isEmpty()) {
            return;
        }
        // "alter role" takes no parameters, so Postgres itself quotes the password into the statement.
        try (var quote = connection.prepareStatement("select format('alter role %I password %L', ?::text, ?::text)")) {
            quote.setString(1, role);
            quote.setString(2, password);
            try (var quoted = quote.executeQuery();
                    var alter = connection.createStatement()) {
                quoted.next();
                alter.execute(quoted.getString(1));
            }
        }
        log.info("The password of the role {} is set.", role);
    }
}
