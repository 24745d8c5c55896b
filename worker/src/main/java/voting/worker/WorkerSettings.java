package voting.worker;

import java.util.LinkedHashSet;
import java.util.Set;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.stereotype.Component;

/**
 * What can be set from outside, by environment variables named like the components: {@code POLL_OPTIONS},
 * {@code VOTE_STREAMS}, {@code REDIS_HOST}, {@code REDIS_PORT}, {@code REDIS_PASSWORD}; those of Postgres are in
 * application.properties. A value that makes no sense stops the start with a message that names the variable.
 */
@Component
record WorkerSettings(Poll poll, Vote vote, Redis redis) {

    @ConfigurationProperties("poll")
    record Poll(@DefaultValue("cats=Cats,dogs=Dogs") Options options) {}

    /** The ids of the poll's options; the worker has no use for their labels. */
    record Options(Set<String> ids) {

        private static final String FORMAT =
                "POLL_OPTIONS must be 2 to 10 id=Label pairs separated by commas, such as cats=Cats,dogs=Dogs; ";

        /** Called by Spring to convert the variable's text. */
        public static Options valueOf(String text) {
            var ids = new LinkedHashSet<String>();
            for (var pair : text.split(",", -1)) {
                var equals = pair.indexOf('=');
                check(equals > 0, FORMAT + "'" + pair + "' is not such a pair");
                var id = pair.substring(0, equals).strip();
                check(id.matches("[a-z0-9-]{1,32}"), FORMAT + "the id '" + id + "' is not [a-z0-9-]{1,32}");
                var label = pair.substring(equals + 1).strip();
                check(!label.isEmpty() && label.length() <= 60, FORMAT + "a label has 1 to 60 characters");
                check(ids.add(id), FORMAT + "the id '" + id + "' is there twice");
            }
            check(ids.size() >= 2 && ids.size() <= 10, FORMAT + "there are " + ids.size());
            return new Options(Set.copyOf(ids));
        }
    }

    /** @param streams number of streams that ballots are spread over; fixed for a deployment */
    @ConfigurationProperties("vote")
    record Vote(@DefaultValue("4") int streams) {

        Vote {
            check(streams >= 1 && streams <= 256, "VOTE_STREAMS must be 1 to 256, not " + streams);
        }
    }

    @ConfigurationProperties("redis")
    record Redis(
            @DefaultValue("localhost") String host,
            @DefaultValue("6379") int port,
            @DefaultValue("") String password) {

        Redis {
            check(port >= 1 && port <= 65535, "REDIS_PORT must be 1 to 65535, not " + port);
        }
    }

    private static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
