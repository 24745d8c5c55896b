package voting.load;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TallyEventsTest {

    private static final String EVENTS = """
            : keep-alive
            event: heartbeat
            data:

            event: tally
            data: {"question":"Which \\"total\\":7, ?","options":[{"id":"cats","votes":1}],"total":12,"asOf":"2026-01-02T03:04:05.678Z"}

            event: activity
            data: {"until":"2026-01-02T03:04:00Z","total":99,"asOf":"2020-01-01T00:00:00Z"}

            event: tally
            data: {"question":"","options":[],"total":13,"asOf":"2026-01-02T03:04:06Z"}

            """;

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 64, 10_000})
    void talliesAreFoundHoweverTheEventsAreCut(int pieceSize) {
        List<String> tallies = new ArrayList<>();
        var events = new TallyEvents((total, asOf) -> tallies.add(total + " " + asOf));

        var bytes = EVENTS.getBytes(UTF_8);
        for (int at = 0; at < bytes.length; at += pieceSize) {
            events.accept(ByteBuffer.wrap(bytes, at, Math.min(pieceSize, bytes.length - at)));
        }

        assertThat(tallies)
                .containsExactly(
                        "12 " + Instant.parse("2026-01-02T03:04:05.678Z"),
                        "13 " + Instant.parse("2026-01-02T03:04:06Z"));
    }
}
