package voting.vote;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** The log is about the service: not a line per vote, and nothing that tells who voted. */
class LogPrivacyTest {

    /** Kept for documentation: nobody's. */
    private static final String ADDRESS = "203.0.113.7";

    private final String voter = UUID.randomUUID().toString();
    private final VoteServer server = VoteServer.shared();
    private final Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();

    @BeforeEach
    void listen() {
        vote("cats"); // the first request of a server makes it log its start
        log.start();
        root.addAppender(log);
    }

    @AfterEach
    void stopListening() {
        root.detachAppender(log);
    }

    @Test
    void votesAndTheirMistakesLeaveNoLine() {
        for (int i = 0; i < 10; i++) {
            vote("cats");
            vote("birds");
            server.get("/", identity());
            server.get("/nothing/" + voter, identity());
            server.postJson("{\"choice\":\"cats\",\"ballotId\":\"" + voter + "\"}", identity());
            server.postJson("{" + voter, identity());
        }

        assertThat(lines()).isEmpty();
    }

    @Test
    void outageIsAMatterOfTwoLinesWithoutVoters() {
        server.link().fail(FaultyLink.Fault.REFUSING);
        for (int i = 0; i < 10; i++) {
            vote("cats");
        }
        server.link().heal();
        server.awaitReady();

        assertThat(lines()).hasSize(2).noneMatch(line -> line.contains(voter) || line.contains(ADDRESS));
    }

    private void vote(String choice) {
        server.postForm("vote=" + choice + "&ballot_id=" + voter, identity());
    }

    private String[] identity() {
        return new String[] {"Cookie", "voter_id=" + voter, "X-Forwarded-For", ADDRESS};
    }

    private List<String> lines() {
        return List.copyOf(log.list).stream()
                .filter(event -> event.getLevel().isGreaterOrEqual(Level.INFO))
                .map(event -> event.getLevel() + " " + event.getFormattedMessage() + " " + event.getMDCPropertyMap()
                        + (event.getThrowableProxy() == null
                                ? ""
                                : ThrowableProxyUtil.asString(event.getThrowableProxy())))
                .toList();
    }
}
