package voting.vote;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.springframework.mock.web.MockFilterChain;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;

/** Who waits in vain for a slot is refused when others are served meanwhile, and served when nobody is. */
class OverloadTest {

    private final RequestSlots slots = new RequestSlots();

    @Test
    void whoWaitsTooLongWhileOthersAreServedIsRefused() throws Exception {
        var busy = new AtomicBoolean(true);
        for (int i = 0; i < 30 * RequestSlots.SLOTS; i++) {
            keepBusy(busy);
        }

        // Were the machine to stop for half a second, slots would be lent, and who asks then would be served.
        await().atMost(Duration.ofSeconds(20)).until(() -> refused().get(20, TimeUnit.SECONDS));
        busy.set(false);
        await().untilAsserted(
                        () -> assertThat(refused().get(5, TimeUnit.SECONDS)).isFalse());
    }

    @Test
    void whoWaitsForSlotsThatAreStuckIsServed() throws Exception {
        var end = new CountDownLatch(1);
        for (int i = 0; i < RequestSlots.SLOTS; i++) {
            slots.execute(() -> awaitUninterrupted(end));
        }

        assertThat(refused().get(5, TimeUnit.SECONDS)).isFalse();
        assertThat(refused().get(5, TimeUnit.SECONDS)).isFalse();
        end.countDown();
    }

    @Test
    void refusalIsThePageOfAVoteThatWasNotConfirmedAndIsCounted() throws Exception {
        var server = VoteServer.shared();
        var before = refusals(server);

        var page = refusal(server, "text/html");
        var problem = refusal(server, "application/json");

        assertThat(page.getStatus()).isEqualTo(503);
        assertThat(page.getHeader("Retry-After")).isEqualTo("2");
        assertThat(page.getHeader("Content-Language")).isEqualTo("fr");
        assertThat(page.getContentAsString())
                .contains("lang=\"fr\"", "Votre vote n’a pas été confirmé", "href=\"./\"")
                .containsPattern("href=\"style-[0-9a-f]+\\.css\"");
        assertThat(problem.getStatus()).isEqualTo(503);
        assertThat(problem.getContentType()).isEqualTo("application/problem+json");
        assertThat(problem.getContentAsString(UTF_8)).contains("\"status\":503", "Votre vote n’a pas été confirmé");
        assertThat(refusals(server)).isEqualTo(before + 2);
    }

    /** What the service answers when the thread of the request has no slot. */
    private MockHttpServletResponse refusal(VoteServer server, String accept) throws Exception {
        var request = new MockHttpServletRequest("POST", "/");
        request.addHeader("Accept", accept);
        request.addHeader("Accept-Language", "fr");
        request.addPreferredLocale(Locale.FRENCH);
        var answer = new CompletableFuture<MockHttpServletResponse>();
        RequestSlots.refused(() -> {
            var response = new MockHttpServletResponse();
            try {
                server.bean(OverloadFilter.class).doFilter(request, response, new MockFilterChain());
                answer.complete(response);
            } catch (Exception e) {
                answer.completeExceptionally(e);
            }
        });
        return answer.get(10, TimeUnit.SECONDS);
    }

    /** A request of 100 ms that is followed by another one, in whatever slot there is: 128 of them in each 100 ms. */
    private void keepBusy(AtomicBoolean busy) {
        slots.execute(() -> {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
            RequestSlots.takeRefusal();
            if (busy.get()) {
                keepBusy(busy);
            }
        });
    }

    private CompletableFuture<Boolean> refused() {
        var refused = new CompletableFuture<Boolean>();
        slots.execute(() -> refused.complete(RequestSlots.takeRefusal()));
        return refused;
    }

    private static void awaitUninterrupted(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static double refusals(VoteServer server) {
        return server.metric("votes_refused_total{reason=\"queue_full\"}");
    }
}
