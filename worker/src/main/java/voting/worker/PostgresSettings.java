package voting.worker;

import java.util.LinkedHashSet;
import java.util.Objects;
import java.util.regex.Pattern;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.core.NestedExceptionUtils;

/**
 * Where Postgres is: {@code POSTGRES_HOST}, {@code POSTGRES_PORT}, {@code POSTGRES_DB}, {@code POSTGRES_USER},
 * {@code POSTGRES_PASSWORD}. Of several servers the one that is the primary is used, and another one as soon as that one
 * is.
 *
 * @param host {@code host} or {@code host:port}, or several of them with commas in between
 * @param port of those that come without one
 */
@ConfigurationProperties("postgres")
record PostgresSettings(
        @DefaultValue("localhost") String host,
        @DefaultValue("5432") int port,
        @DefaultValue("votes") String db,
        @DefaultValue("worker") String user,
        @DefaultValue("") String password)
        implements JdbcConnectionDetails {

    private static final String FORMAT =
            "POSTGRES_HOST must be a host, or several with commas in between, such as one:5432,other:5432; ";

    private static final Pattern SERVER = Pattern.compile("([\\w.-]+|\\[[0-9a-fA-F:.]+])(?::(\\d{1,5}))?");

    PostgresSettings {
        check(isPort(port), "POSTGRES_PORT must be 1 to 65535, not " + port);
        servers(host, port);
    }

    @Override
    public String getJdbcUrl() {
        return "jdbc:postgresql://%s/%s?targetServerType=primary".formatted(servers(host, port), db);
    }

    @Override
    public String getUsername() {
        return user;
    }

    @Override
    public String getPassword() {
        return password;
    }

    /** Why Postgres cannot be used. What the driver says about standbys names only its own setting. */
    static String reason(Throwable failure) {
        var cause = NestedExceptionUtils.getMostSpecificCause(failure);
        var reason = Objects.toString(cause.getMessage(), cause.toString());
        return reason.contains("targetServerType")
                ? "POSTGRES_HOST names no primary: what answers there is a standby, or read-only"
                : reason;
    }

    private static String servers(String hosts, int defaultPort) {
        var servers = new LinkedHashSet<String>();
        for (var server : hosts.split(",", -1)) {
            var parts = SERVER.matcher(server.strip());
            check(parts.matches(), FORMAT + "'" + server + "' is none");
            var port = parts.group(2) == null ? defaultPort : Integer.parseInt(parts.group(2));
            check(isPort(port), FORMAT + "'" + server + "' has no port from 1 to 65535");
            check(servers.add(parts.group(1) + ":" + port), FORMAT + "'" + server + "' is there twice");
        }
        return String.join(",", servers);
    }

    private static boolean isPort(int port) {
        return port >= 1 && port <= 65_535;
    }

    private static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
