package voting.worker;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import org.slf4j.LoggerFactory;

/** What the drain loops of a test have logged so far. */
final class LogOfDrainLoop implements AutoCloseable {

    private final Logger logger = (Logger) LoggerFactory.getLogger(DrainLoop.class);
    private final ListAppender<ILoggingEvent> appender = new ListAppender<>();

    LogOfDrainLoop() {
        appender.start();
        logger.setLevel(Level.INFO);
        logger.addAppender(appender);
        logger.setAdditive(false); // outages that are made are no news on the console
    }

    List<String> lines(Level level) {
        return List.copyOf(appender.list).stream()
                .filter(event -> event.getLevel().equals(level))
                .map(ILoggingEvent::getFormattedMessage)
                .toList();
    }

    @Override
    public void close() {
        logger.detachAppender(appender);
        logger.setAdditive(true);
    }
}
