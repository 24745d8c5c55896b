package voting.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static voting.worker.Counted.eventually;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The log is about the service: not a line per ballot, and nothing that tells who voted, not even to developers. */
@ExtendWith(Stores.class)
class LogPrivacyTest {

    private static final int MANY = 1_000;

    private static ProcessLog log;

    @BeforeEach
    void start() throws IOException {
        if (log == null) {
            log = ProcessLog.of(ProcessLog.JSON, Map.of("LOGGING_LEVEL_VOTING", "debug"));
            log.await("Draining, after");
            log.await("Started WorkerApplication");
        }
    }

    @AfterAll
    static void end() throws InterruptedException {
        log.stop();
        log.close();
    }

    @Test
    void thousandBallotsLeaveNoLine() {
        var before = lines();

        Vote.cast(IntStream.range(0, MANY)
                .mapToObj(voter -> Vote.of(voter, "cats"))
                .toList());

        eventually().until(() -> Counted.ballots().size() == MANY);
        assertThat(lines()).isEqualTo(before);
    }

    @Test
    void entryThatIsNoBallotIsCountedInTheLogAndQuotedOnlyInItsTable() {
        var voter = Vote.voter(1).toString();
        castRejected("ballot_id", voter, "choice", "unicorns");
        castRejected("ballot_id", voter.toUpperCase(), "choice", "cats");
        castRejected("voter_id", voter, "address", "203.0.113.7");

        eventually().until(() -> Counted.rejected().size() == 3);
        log.await("no ballots; they are kept in rejected_entry");
        assertThat(log.lines())
                .noneMatch(line -> line.toLowerCase().contains(voter)
                        || line.contains("unicorns")
                        || line.contains("203.0.113.7"));
    }

    /** The details of an error of Postgres have the row that it is about. */
    @Test
    void rowThatPostgresQuotesIsNotRepeated() {
        Counted.sql("alter table ballot add constraint nobody check (choice is null) not valid")
                .update();
        try {
            Vote.cast(0, Vote.of(1, "cats"));

            log.await("Cannot drain. Postgres: ERROR: new row for relation \\\"ballot\\\" violates");
        } finally {
            Counted.sql("alter table ballot drop constraint nobody").update();
        }
        eventually().until(() -> Counted.ballots().size() == 1);
        assertThat(log.lines()).noneMatch(line -> line.contains(Vote.voter(1).toString()));
    }

    private static void castRejected(String... fields) {
        Vote.castRaw("*", 0, Stream.of(fields).map(text -> text.getBytes(UTF_8)).toArray(byte[][]::new));
    }

    private static List<String> lines() {
        return log.objects().stream()
                .filter(line -> !line.at("/log/level").asString().equals("DEBUG"))
                .map(line -> line.at("/message").asString())
                .toList();
    }
}
