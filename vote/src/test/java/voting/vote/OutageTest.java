package voting.vote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Protocol;

/** Whatever is wrong with Redis: voters are told at once that their vote was not confirmed, and all recovers by itself. */
class OutageTest {

    /** What the network and a busy machine may add to the deadline of a vote. */
    private static final Duration MARGIN = Duration.ofSeconds(2);

    private static final Duration NOTICE = Duration.ofSeconds(2);

    private final TestRedis redis = TestRedis.shared();
    private final VoteServer server = VoteServer.shared();
    private final Jedis control = redis.connect();

    enum Outage {
        DOWN {
            @Override
            void begin(OutageTest test) {
                test.redis.stop();
            }

            @Override
            void end(OutageTest test) {
                test.redis.start();
            }
        },
        REFUSING_CONNECTIONS {
            @Override
            void begin(OutageTest test) {
                test.server.link().fail(FaultyLink.Fault.REFUSING);
            }

            @Override
            void end(OutageTest test) {
                test.server.link().heal();
            }
        },
        UNREACHABLE {
            @Override
            void begin(OutageTest test) {
                test.server.link().fail(FaultyLink.Fault.BLACK_HOLE);
            }

            @Override
            void end(OutageTest test) {
                test.server.link().heal();
            }
        },
        STALLED {
            @Override
            void begin(OutageTest test) {
                test.control.sendCommand(Protocol.Command.CLIENT, "PAUSE", "60000", "WRITE");
            }

            @Override
            void end(OutageTest test) {
                test.control.clientUnpause();
            }
        },
        FULL {
            @Override
            void begin(OutageTest test) {
                test.control.configSet("maxmemory", "1");
            }

            @Override
            void end(OutageTest test) {
                test.control.configSet("maxmemory", "0");
            }
        },
        READ_ONLY {
            @Override
            void begin(OutageTest test) {
                test.control.replicaof("127.0.0.1", 1);
            }

            @Override
            void end(OutageTest test) {
                test.control.replicaofNoOne();
            }
        },
        WITHOUT_ENOUGH_REPLICAS {
            @Override
            void begin(OutageTest test) {
                test.control.configSet("min-replicas-to-write", "1");
            }

            @Override
            void end(OutageTest test) {
                test.control.configSet("min-replicas-to-write", "0");
            }
        },
        PASSWORD_CHANGED {
            @Override
            void begin(OutageTest test) {
                test.control.configSet("requirepass", "another");
                test.server.link().fail(FaultyLink.Fault.REFUSING);
                test.server.link().heal();
            }

            @Override
            void end(OutageTest test) {
                test.control.configSet("requirepass", "");
            }
        };

        abstract void begin(OutageTest test);

        abstract void end(OutageTest test);
    }

    @BeforeEach
    void clearStreams() {
        redis.clear();
    }

    @AfterEach
    void closeControl() {
        control.close();
        server.awaitReady();
    }

    @ParameterizedTest
    @EnumSource
    void votersAreToldAndAllRecoversByItself(Outage outage) {
        outage.begin(this);
        try {
            var start = Instant.now();
            var form = inTime(() -> server.postForm("vote=cats"));
            assertThat(form.statusCode()).isEqualTo(503);
            assertThat(form.headers().firstValue("Retry-After")).hasValue("2");
            assertThat(form.headers().firstValue("Content-Type")).hasValue("text/html;charset=UTF-8");
            assertThat(form.body())
                    .contains("<title>Your vote was not confirmed</title>")
                    .contains("That is safe: your vote is counted only once.");
            BadRequestTest.assertTellsNothingAboutUs(form.body());
            await().atMost(NOTICE.minus(min(NOTICE, Duration.between(start, Instant.now())))
                            .plus(MARGIN))
                    .until(() -> server.readiness() == 503);

            var json = inTime(() -> server.postJson("{\"choice\":\"cats\"}", "Accept-Language", "fr"));
            assertThat(json.statusCode()).isEqualTo(503);
            assertThat(json.headers().firstValue("Retry-After")).hasValue("2");
            assertThat(json.headers().firstValue("Content-Type")).hasValue("application/problem+json");
            assertThat(json.body()).contains("Votre vote n’a pas été confirmé");

            var page = server.get("/");
            assertThat(page.statusCode()).isEqualTo(200);
            assertThat(page.body()).contains("role=\"alert\"").contains("Votes can’t be taken right now.");
            assertThat(server.get("/", "Accept-Language", "fr").body())
                    .contains("Le vote est momentanément impossible.");
            assertThat(server.management("/actuator/health/liveness").statusCode())
                    .isEqualTo(200);
        } finally {
            outage.end(this);
        }

        await().atMost(NOTICE.plus(MARGIN)).until(() -> server.readiness() == 200);
        assertThat(server.postForm("vote=dogs").statusCode()).isEqualTo(303);
        assertThat(server.get("/").body()).doesNotContain("role=\"alert\"");
        assertThat(redis.entries()).extracting(TestRedis.Entry::choice).contains("dogs");
    }

    @ParameterizedTest
    @EnumSource(names = {"UNREACHABLE", "FULL"})
    void outageIsNoticedWithoutAnyVote(Outage outage) {
        outage.begin(this);
        try {
            await().atMost(NOTICE.plus(MARGIN)).until(() -> server.readiness() == 503);
        } finally {
            outage.end(this);
        }
        await().atMost(NOTICE.plus(MARGIN)).until(() -> server.readiness() == 200);
    }

    @Test
    void voterWhoseConfirmationWasLostVotesAgainWithTheSameIdentity() {
        var id = VoterCookies.newId().toString();
        server.link().fail(FaultyLink.Fault.CUT_BEFORE_REPLY_TO_XADD);

        var lost = server.postForm("vote=cats", "Cookie", "voter_id=" + id);

        assertThat(lost.statusCode()).isEqualTo(503);
        assertThat(server.link().hasCut()).isTrue();
        server.link().heal();
        server.awaitReady();
        assertThat(server.postForm("vote=cats", "Cookie", "voter_id=" + id).statusCode())
                .isEqualTo(303);
        assertThat(redis.entries())
                .hasSize(2)
                .extracting(TestRedis.Entry::ballotId)
                .containsOnly(id);
    }

    @Test
    void firstVoteWhoseConfirmationWasLostHasItsIdentityAlready() {
        server.link().fail(FaultyLink.Fault.CUT_BEFORE_REPLY_TO_XADD);

        var lost = server.postForm("vote=cats");

        server.link().heal();
        assertThat(lost.statusCode()).isEqualTo(503);
        assertThat(VoterCookiesTest.setCookie(lost, "voter_id"))
                .startsWith("voter_id=" + redis.entries().getFirst().ballotId());
        assertThat(lost.headers().allValues("Set-Cookie")).noneMatch(cookie -> cookie.startsWith("voter_choice"));
    }

    @Test
    void errorPageOffersToSendTheVerySameBallotAgain() {
        var everyClick = VoteServer.shared(Map.of("POLL_MODE", "every-click-counts"));
        everyClick.link().fail(FaultyLink.Fault.CUT_BEFORE_REPLY_TO_XADD);

        var lost = everyClick.postForm("vote=dogs").body();

        everyClick.link().heal();
        everyClick.awaitReady();
        assertThat(everyClick.postForm(hiddenFields(lost)).statusCode()).isEqualTo(303);
        assertThat(redis.entries()).hasSize(2);
        assertThat(redis.entries().stream().distinct()).hasSize(1);
    }

    @Test
    void acceptedVotesSurviveARestartOfRedis() {
        assertThat(server.postForm("vote=cats").statusCode()).isEqualTo(303);

        redis.stop();
        redis.start();

        assertThat(redis.entries()).hasSize(1);
    }

    /** What the browser sends when the only button of the page is pressed. */
    private static String hiddenFields(String page) {
        return Pattern.compile("<input type=\"hidden\" name=\"([^\"]*)\" value=\"([^\"]*)\">")
                .matcher(page)
                .results()
                .map(field -> field.group(1) + "=" + field.group(2))
                .collect(Collectors.joining("&"));
    }

    private static HttpResponse<String> inTime(Supplier<HttpResponse<String>> request) {
        var start = Instant.now();
        var answer = request.get();
        assertThat(Duration.between(start, Instant.now())).isLessThan(BallotAppender.DEADLINE.plus(MARGIN));
        return answer;
    }

    private static Duration min(Duration a, Duration b) {
        return a.compareTo(b) < 0 ? a : b;
    }
}
