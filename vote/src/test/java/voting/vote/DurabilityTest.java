package voting.vote;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Accepted means on disk: what was answered with success is in Redis' append-only file. */
class DurabilityTest {

    private final TestRedis redis = TestRedis.shared();
    private final VoteServer server = VoteServer.shared();

    @BeforeEach
    void clearStreams() {
        redis.clear();
    }

    @Test
    void voteIsInTheAppendOnlyFileBeforeTheAnswer() throws IOException {
        for (int i = 0; i < 20; i++) {
            var id = VoterCookies.newId().toString();

            var answer = server.postForm("vote=cats", "Cookie", "voter_id=" + id);

            assertThat(redis.appendOnlyFile()).contains(id);
            assertThat(answer.statusCode()).isEqualTo(303);
        }
    }

    @Test
    void voteOfAProgramIsInTheAppendOnlyFileBeforeTheAnswer() throws IOException {
        var id = VoterCookies.newId().toString();

        var answer = server.postJson("{\"choice\":\"cats\"}", "Cookie", "voter_id=" + id);

        assertThat(redis.appendOnlyFile()).contains(id);
        assertThat(answer.statusCode()).isEqualTo(202);
    }

    @Test
    void everyOneOfManyVotersAtOnceIsAnsweredAfterItsOwnEntry() throws Exception {
        try (var voters = Executors.newVirtualThreadPerTaskExecutor()) {
            var votes = IntStream.range(0, 200)
                    .mapToObj(i -> CompletableFuture.runAsync(
                            () -> assertThat(server.postForm("vote=dogs").statusCode())
                                    .isEqualTo(303),
                            voters))
                    .toArray(CompletableFuture[]::new);

            CompletableFuture.allOf(votes).get(10, SECONDS);
        }

        assertThat(redis.entries()).hasSize(200);
        assertThat(redis.entries()).extracting(TestRedis.Entry::ballotId).doesNotHaveDuplicates();
    }
}
