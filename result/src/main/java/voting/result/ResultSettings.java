package voting.result;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.stereotype.Component;

/**
 * What can be set from outside, by environment variables named like the components: {@code POLL_QUESTION},
 * {@code POLL_OPTIONS}, {@code POLL_CLOSES}, {@code POLL_ID}, {@code POSTGRES_HOST}, {@code POSTGRES_PORT},
 * {@code POSTGRES_DB}, {@code POSTGRES_USER}, {@code POSTGRES_PASSWORD}. A value that makes no sense stops the start with a
 * message that names the variable.
 */
@Component
record ResultSettings(Poll poll, Postgres postgres) {

    /**
     * @param closes from when on vote accepts nothing; null for a poll that stays open
     * @param id another one for each poll that this system holds; empty for the first
     */
    @ConfigurationProperties("poll")
    record Poll(
            @DefaultValue("Cats or dogs?") String question,
            @DefaultValue("cats=Cats,dogs=Dogs") Options options,
            Instant closes,
            @DefaultValue("") String id) {

        Poll {
            check(!question.isBlank() && question.length() <= 200, "POLL_QUESTION must have 1 to 200 characters");
        }

        /** Another one when anything of it is another: by this an open page knows that its words are out of date. */
        String fingerprint() {
            var checksum = new CRC32();
            checksum.update(toString().getBytes(UTF_8));
            return Long.toHexString(checksum.getValue());
        }
    }

    record Option(String id, String label) {}

    /** The poll's options in the order of the page. */
    record Options(List<Option> all) {

        private static final String FORMAT =
                "POLL_OPTIONS must be 2 to 10 id=Label pairs separated by commas, such as cats=Cats,dogs=Dogs; ";

        /** Called by Spring to convert the variable's text. */
        public static Options valueOf(String text) {
            var byId = new LinkedHashMap<String, Option>();
            for (var pair : text.split(",", -1)) {
                var equals = pair.indexOf('=');
                check(equals > 0, FORMAT + "'" + pair + "' is not such a pair");
                var option = new Option(
                        pair.substring(0, equals).strip(),
                        pair.substring(equals + 1).strip());
                check(
                        option.id.matches("[a-z0-9-]{1,32}"),
                        FORMAT + "the id '" + option.id + "' is not [a-z0-9-]{1,32}");
                check(
                        !option.label.isEmpty() && option.label.length() <= 60,
                        FORMAT + "a label has 1 to 60 characters");
                check(byId.put(option.id, option) == null, FORMAT + "the id '" + option.id + "' is there twice");
            }
            check(byId.size() >= 2 && byId.size() <= 10, FORMAT + "there are " + byId.size());
            return new Options(List.copyOf(byId.values()));
        }
    }

    /**
     * Of several servers the one that is the primary is used, as nobody is notified on the others.
     *
     * @param host {@code host} or {@code host:port}, or several of them with commas in between
     * @param port of those that come without one
     */
    @ConfigurationProperties("postgres")
    record Postgres(
            @DefaultValue("localhost") String host,
            @DefaultValue("5432") int port,
            @DefaultValue("votes") String db,
            @DefaultValue("result") String user,
            @DefaultValue("") String password) {

        private static final String FORMAT =
                "POSTGRES_HOST must be a host, or several with commas in between, such as one:5432,other:5432; ";

        private static final Pattern SERVER = Pattern.compile("([\\w.-]+|\\[[0-9a-fA-F:.]+])(?::(\\d{1,5}))?");

        Postgres {
            check(isPort(port), "POSTGRES_PORT must be 1 to 65535, not " + port);
            servers(host, port);
        }

        String jdbcUrl() {
            return "jdbc:postgresql://%s/%s?targetServerType=primary".formatted(servers(host, port), db);
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
    }

    private static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
