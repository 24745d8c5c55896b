package voting.result;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** The log is about the service: not a line per viewer or tally, and nothing that tells who watched. */
class LogPrivacyTest {

    private final TestPostgres postgres = TestPostgres.shared();
    private final ResultServer server = ResultServer.cleared();
    private final Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();

    @BeforeEach
    void listen() {
        log.start();
        root.addAppender(log);
    }

    @AfterEach
    void stopListening() {
        root.detachAppender(log);
    }

    @Test
    void viewersAndTalliesLeaveNoLine() {
        for (int total = 1; total <= 5; total++) {
            var votes = total;
            try (var viewer = Viewer.watching(server)) {
                postgres.count(0, Map.of("cats", 1L));
                viewer.await(Duration.ofSeconds(5), event -> event.isTallyOf(votes));
            }
            server.get("/", "X-Forwarded-For", "203.0.113.7");
            server.get("/nothing", "X-Forwarded-For", "203.0.113.7");
        }
        Awaitility.await()
                .until(() -> server.context().getBean(TallyWatcher.class).viewers() == 0);

        assertThat(lines()).isEmpty();
    }

    private List<String> lines() {
        return List.copyOf(log.list).stream()
                .filter(event -> event.getLevel().isGreaterOrEqual(Level.INFO))
                .map(ILoggingEvent::toString)
                .toList();
    }
}
