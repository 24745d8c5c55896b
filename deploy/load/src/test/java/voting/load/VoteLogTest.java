package voting.load;

import static org.assertj.core.api.Assertions.assertThat;
import static voting.load.VoteLog.Outcome.ACKNOWLEDGED;
import static voting.load.VoteLog.Outcome.UNCONFIRMED;

import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class VoteLogTest {

    private static final int MILLIONS = 3_000_000;

    @Test
    void attemptsOfManyThreadsAreAllThere() {
        var log = new VoteLog();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int voter = 0; voter < 200; voter++) {
                var id = new UUID(voter, voter);
                threads.submit(() -> IntStream.range(0, 1_000)
                        .forEach(i -> log.record(id, "cats", i, i + 1, i == 999 ? ACKNOWLEDGED : UNCONFIRMED)));
            }
        }

        assertThat(log.size()).isEqualTo(200_000);
        assertThat(log.count(ACKNOWLEDGED)).isEqualTo(200);
        var byBallot = new AttemptsByBallot(log.attempts());
        var attempts = new int[1];
        for (int voter = 0; voter < 200; voter++) {
            byBallot.forEach(byBallot.find(voter, voter), attempt -> attempts[0]++);
        }
        assertThat(attempts[0]).isEqualTo(200_000);
    }

    @Test
    void millionsOfAttemptsAreComparedInTheHeapOfATest() {
        var log = new VoteLog();
        LongStream.range(0, MILLIONS).forEach(voter -> log.record(id(voter), "cats", voter, voter + 1, ACKNOWLEDGED));
        var votes = Map.of("cats", (long) MILLIONS - 1);

        var verdict = Verifier.verify(
                log,
                new Stored(
                        reader -> LongStream.range(1, MILLIONS).forEach(voter -> reader.accept(id(voter), "cats")),
                        votes,
                        votes,
                        MILLIONS - 1,
                        List.of(),
                        Map.of()),
                List.of());

        assertThat(verdict.ballots()).isEqualTo(MILLIONS - 1);
        assertThat(verdict.lost()).isEqualTo(1);
        assertThat(verdict.examples()).singleElement().asString().contains(id(0).toString());
    }

    /** Spread like random ids, and the same at each call. */
    private static UUID id(long number) {
        return new UUID(number * 0x9E3779B97F4A7C15L, ~number * 0xC2B2AE3D27D4EB4FL);
    }
}
