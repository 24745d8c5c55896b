package voting.result;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.stereotype.Component;

/**
 * What can be set from outside, by environment variables named like the components: {@code POLL_QUESTION},
 * {@code POLL_OPTIONS}, {@code POLL_CLOSES}, {@code POSTGRES_HOST}, {@code POSTGRES_PORT}, {@code POSTGRES_DB},
 * {@code POSTGRES_USER}, {@code POSTGRES_PASSWORD}. A value that makes no sense stops the start with a message that names the variable.
 */
@Component
record ResultSettings(Poll poll, Postgres postgres) {

    /** @param closes from when on vote accepts nothing; null for a poll that stays open */
    @ConfigurationProperties("poll")
    record Poll(
            @DefaultValue("Cats or dogs?") String question,
            @DefaultValue("cats=Cats,dogs=Dogs") Options options,
            Instant closes) {

        Poll {
            check(!question.isBlank() && question.length() <= 200, "POLL_QUESTION must have 1 to 200 characters");
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

    @ConfigurationProperties("postgres")
    record Postgres(
            @DefaultValue("localhost") String host,
            @DefaultValue("5432") int port,
            @DefaultValue("votes") String db,
            @DefaultValue("result") String user,
            @DefaultValue("") String password) {

        Postgres {
            check(port >= 1 && port <= 65535, "POSTGRES_PORT must be 1 to 65535, not " + port);
        }
    }

    private static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
