package voting.vote;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.stereotype.Component;

/**
 * What can be set from outside, by environment variables named like the components: {@code POLL_QUESTION},
 * {@code POLL_OPTIONS}, {@code POLL_MODE}, {@code POLL_CLOSES}, {@code VOTE_STREAMS}, {@code VOTE_ADDRESS}, {@code REDIS_HOST}, {@code REDIS_PORT},
 * {@code REDIS_PASSWORD}. A value that makes no sense stops the start with a message that names the variable.
 */
@Component
record VoteSettings(Poll poll, Vote vote, Redis redis) {

    /** Who may vote how often. Only the ballot's identity depends on it. */
    enum Mode {
        ONE_VOTE_PER_BROWSER,
        EVERY_CLICK_COUNTS;

        @Override
        public String toString() {
            return name().toLowerCase().replace('_', '-');
        }
    }

    /** @param closes from when on no vote is accepted; null for a poll that stays open */
    @ConfigurationProperties("poll")
    record Poll(
            @DefaultValue("Cats or dogs?") String question,
            @DefaultValue("cats=Cats,dogs=Dogs") Options options,
            @DefaultValue("one-vote-per-browser") Mode mode,
            Instant closes) {

        Poll {
            check(!question.isBlank() && question.length() <= 200, "POLL_QUESTION must have 1 to 200 characters");
        }

        boolean isClosedAt(Instant time) {
            return closes != null && !time.isBefore(closes);
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

        /** The option with this id, or null. */
        Option find(String id) {
            return all.stream()
                    .filter(option -> option.id.equals(id))
                    .findFirst()
                    .orElse(null);
        }
    }

    /**
     * @param streams number of streams that ballots are spread over; fixed for a deployment
     * @param address where an audience finds the ballot, for the QR code; empty: where the request found it
     */
    @ConfigurationProperties("vote")
    record Vote(
            @DefaultValue("4") int streams,
            @DefaultValue("") String address) {

        Vote {
            check(streams >= 1 && streams <= 256, "VOTE_STREAMS must be 1 to 256, not " + streams);
            check(
                    address.isEmpty() || address.matches("https?://[!-~]{1,200}"),
                    "VOTE_ADDRESS must begin with http:// or https:// and have no spaces, not " + address);
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
