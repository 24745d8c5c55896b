package voting.vote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.slf4j.LoggerFactory;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** The log is about the service: not a line per vote, and nothing that tells who voted. */
@ExtendWith(OutputCaptureExtension.class)
class LogPrivacyTest {

    /** Kept for documentation: nobody's. */
    private static final String ADDRESS = "203.0.113.7";

    private static final int MANY = 1_000;

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
    void thousandVotesLeaveNoLine() {
        for (int i = 0; i < MANY; i++) {
            vote("cats");
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

        assertThat(lines()).hasSize(2).noneMatch(this::tellsWhoVoted);
    }

    /** Redis repeats the arguments of a command that it does not know. */
    @Test
    void ballotThatRedisQuotesIsNotRepeated(CapturedOutput output) {
        var refusing = TestRedis.another("rename-command XADD \"\"");
        try (var careful = VoteServer.start(
                Map.of("REDIS_PORT", String.valueOf(refusing.port()), "LOGGING_LEVEL_VOTING", "debug"))) {
            await().untilAsserted(
                            () -> { // the failure is forgotten with the next probe
                                assertThat(careful.postForm("vote=cats", identity())
                                                .statusCode())
                                        .isEqualTo(503);
                                assertThat(careful.management("/actuator/health")
                                                .body())
                                        .contains("unknown command")
                                        .doesNotContain(voter);
                            });
        } finally {
            refusing.stop();
        }
        assertThat(output).contains("Redis confirms no ballots: ERR unknown command ");
        assertThat(output.toString().lines()).noneMatch(this::tellsWhoVoted);
    }

    @Test
    void lineForDevelopersTellsNotWhoVotedEither(CapturedOutput output) {
        try (var talkative = VoteServer.start(Map.of("LOGGING_LEVEL_VOTING", "debug"))) {
            for (var cookie : List.of("voter_id=" + voter, "voter_id=" + voter + "x", "voter_id=\"" + voter)) {
                talkative.postForm("vote=cats", "Cookie", cookie, "X-Forwarded-For", ADDRESS);
                talkative.postForm("vote=birds", "Cookie", cookie, "X-Forwarded-For", ADDRESS);
            }
            talkative.link().fail(FaultyLink.Fault.REFUSING);
            talkative.postForm("vote=cats", identity());
        }
        assertThat(output).contains("Redis confirms no ballots");
        assertThat(output.toString().lines()).noneMatch(this::tellsWhoVoted);
    }

    private boolean tellsWhoVoted(String line) {
        return line.contains(voter) || line.contains(ADDRESS);
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
