package voting.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.SQLException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A store dies and comes back in the middle of voting: the services recover by themselves, and no vote is lost. */
class OutageIT {

    private static final int VOTERS_AT_A_TIME = 8;

    private final LocalSystem system = SharedSystem.get();
    private final Outcome outcome = new Outcome(system);
    private final ConcurrentHashMap<UUID, String> accepted = new ConcurrentHashMap<>();
    private final AtomicInteger unconfirmed = new AtomicInteger();
    private volatile boolean voting = true;

    @AfterEach
    void clear() throws SQLException {
        outcome.clear();
    }

    @Test
    void votesAreTakenWhilePostgresIsDeadAndCountedWhenItIsBack() throws Exception {
        whileVoting(() -> {
            system.postgres().kill();
            awaitMoreAccepted();
            system.postgres().start();
            system.postgres().stop();
            awaitMoreAccepted();
            system.postgres().start();
            awaitMoreAccepted();
        });

        assertThat(unconfirmed).hasValue(0);
        outcome.becomes(accepted);
    }

    @Test
    void noAcceptedVoteIsLostWhenRedisDiesAndComesBack() throws Exception {
        whileVoting(() -> {
            system.redis().kill();
            awaitMoreUnconfirmed();
            system.redis().start();
            awaitMoreAccepted();
            system.redis().stop();
            awaitMoreUnconfirmed();
            system.redis().start();
            awaitMoreAccepted();
        });

        outcome.becomes(accepted);
    }

    @Test
    void voteStoppedOrKilledInTheMiddleOfVotingLosesNoAcceptedVote() throws Exception {
        whileVoting(() -> {
            system.vote().stop();
            awaitMoreUnconfirmed();
            system.vote().start();
            awaitMoreAccepted();
            system.vote().kill();
            awaitMoreUnconfirmed();
            system.vote().start();
            awaitMoreAccepted();
        });

        outcome.becomes(accepted);
    }

    private void whileVoting(Runnable events) throws Exception {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var voters = Stream.generate(() -> threads.submit(this::voteOneAfterTheOther))
                    .limit(VOTERS_AT_A_TIME)
                    .toList();
            try {
                awaitMoreAccepted();
                events.run();
            } finally {
                voting = false;
            }
            for (var voter : voters) {
                voter.get();
            }
        }
    }

    /** Each of these voters votes again until told that the vote is in. */
    private void voteOneAfterTheOther() {
        for (int i = 0; voting; i++) {
            var choice = i % 3 == 0 ? "cats" : "dogs";
            var voter = Voter.of(system);
            await().pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(20))
                    .atMost(Duration.ofMinutes(1))
                    .until(() -> voter.isAccepted(choice) || unconfirmed.incrementAndGet() < 0);
            accepted.put(voter.id(), choice);
        }
    }

    private void awaitMoreAccepted() {
        var before = accepted.size();
        await().atMost(Duration.ofMinutes(1)).until(() -> accepted.size() > before + 100);
    }

    private void awaitMoreUnconfirmed() {
        var before = unconfirmed.get();
        await().atMost(Duration.ofMinutes(1)).until(() -> unconfirmed.get() > before);
    }
}
