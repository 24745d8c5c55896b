package voting.worker;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import javax.sql.DataSource;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

/** The scripts in deploy/scaling/sql, run as their comments say. */
final class ScalingScripts {

    private static final Path DIRECTORY = Path.of("../deploy/scaling/sql");

    private ScalingScripts() {}

    /** @param variables what psql is given with {@code --set} */
    static void run(String database, String script, Map<String, Integer> variables) throws Exception {
        var sql = Files.readString(DIRECTORY.resolve(script));
        for (var variable : variables.entrySet()) {
            sql = sql.replaceAll(":" + variable.getKey() + "\\b", String.valueOf(variable.getValue()));
        }
        JdbcClient.create(owner(database)).sql(sql).update();
    }

    static DataSource owner(String database) {
        return new DriverManagerDataSource(Stores.jdbcUrl(database), "postgres", "");
    }
}
