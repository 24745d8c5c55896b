package voting.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** In production all that the worker says is one JSON object per line: its start, its errors, its stop. */
@ExtendWith(Stores.class)
class JsonLogTest {

    /** Of an outage, the stack traces are for developers only. */
    private static final Map<String, String> TALKATIVE =
            Map.of("LOGGING_LEVEL_VOTING_WORKER", "debug", "SPRING_DATASOURCE_HIKARI_CONNECTIONTIMEOUT", "500");

    @Test
    void errorIsOneLineWithItsStackTrace() throws Exception {
        try (var log = ProcessLog.of(ProcessLog.JSON, TALKATIVE)) {
            log.await("Draining, after");

            Stores.stopPostgres();

            var error = log.awaitObject(line -> line.has("error"));
            assertThat(error.at("/error/type").asString()).endsWith("Exception");
            assertThat(error.at("/error/stack_trace").asString()).contains("\n\tat ");
            log.await("Cannot drain. Postgres: ");
            log.stop();
            assertThat(log.objects()).hasSizeGreaterThan(5);
        }
    }

    @Test
    void startThatIsRefusedSaysWhyInJson() throws Exception {
        try (var log = ProcessLog.of(ProcessLog.JSON, Map.of("POLL_OPTIONS", "only=One"))) {
            assertThat(log.awaitEnd()).isNotZero();

            assertThat(log.objects())
                    .anyMatch(line -> line.at("/message").asString().contains("POLL_OPTIONS must be 2 to 10"));
        }
    }
}
