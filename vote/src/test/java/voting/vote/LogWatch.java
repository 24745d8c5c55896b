package voting.vote;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.slf4j.LoggerFactory;

/** Notes what no request may make us log: warnings, and text that could pass for a line of ours or move the cursor. */
final class LogWatch extends AppenderBase<ILoggingEvent> implements AutoCloseable {

    /** In what it tells only once, the one line end is Tomcat's own. */
    private static final String TOMCATS_NOTE = "\n Note: further occurrences";

    private final Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
    private final Queue<String> offences = new ConcurrentLinkedQueue<>();

    LogWatch() {
        start();
        root.addAppender(this);
    }

    /** What should not have been logged so far. */
    List<String> offences() {
        return List.copyOf(offences);
    }

    @Override
    protected void append(ILoggingEvent event) {
        if (event.getLoggerName().startsWith("net.jqwik")) {
            return;
        }
        var text = new StringBuilder(event.getFormattedMessage().replace(TOMCATS_NOTE, ""));
        for (IThrowableProxy cause = event.getThrowableProxy(); cause != null; cause = cause.getCause()) {
            text.append(" | ").append(cause.getClassName()).append(' ').append(cause.getMessage());
        }
        if (event.getLevel().isGreaterOrEqual(Level.WARN) || text.chars().anyMatch(Character::isISOControl)) {
            offences.add(event.getLevel() + " " + event.getLoggerName() + " " + text);
        }
    }

    @Override
    public void close() {
        root.detachAppender(this);
    }
}
