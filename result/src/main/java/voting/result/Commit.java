package voting.result;

import io.opentelemetry.api.trace.SpanContext;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.postgresql.PGNotification;

/**
 * What a worker tells about a commit that counted something.
 *
 * @param atMillis when it counted, by Postgres' clock
 * @param span of its trace; invalid when it has none
 */
record Commit(long atMillis, SpanContext span) {

    private static final Pattern NOTIFICATION = Pattern.compile("(\\d{1,15})(?: (\\S+))?");

    /** Of those that tell it: whoever else notifies does no harm. */
    static List<Commit> of(PGNotification[] notifications) {
        return Stream.of(notifications).map(Commit::of).filter(Objects::nonNull).toList();
    }

    private static Commit of(PGNotification notification) {
        var text = NOTIFICATION.matcher(notification.getParameter());
        if (!text.matches()) {
            return null;
        }
        var trace = text.group(2);
        return new Commit(
                Long.parseLong(text.group(1)), trace == null ? SpanContext.getInvalid() : TraceParent.parse(trace));
    }
}
