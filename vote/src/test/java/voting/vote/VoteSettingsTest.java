package voting.vote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import redis.clients.jedis.HostAndPort;
import voting.vote.VoteSettings.Mode;
import voting.vote.VoteSettings.Option;

/** The settings of the service: their defaults, and what is refused at the start. */
@ExtendWith(OutputCaptureExtension.class)
class VoteSettingsTest {

    @Test
    void withoutVariablesEverySettingHasItsDefault() {
        var settings = read(Map.of());

        assertThat(settings.poll().question()).isEqualTo("Cats or dogs?");
        assertThat(settings.poll().options().all())
                .containsExactly(new Option("cats", "Cats"), new Option("dogs", "Dogs"));
        assertThat(settings.poll().mode()).isEqualTo(Mode.ONE_VOTE_PER_BROWSER);
        assertThat(settings.poll().closes()).isNull();
        assertThat(settings.poll().id()).isEmpty();
        assertThat(settings.vote()).isEqualTo(new VoteSettings.Vote(4, ""));
        assertThat(settings.redis()).isEqualTo(new VoteSettings.Redis("localhost", 6379, "", "", "", "mymaster", 0));
    }

    @Test
    void everyVariableIsTaken() {
        var settings = read(Map.of(
                "POLL_QUESTION", "Thé ou café ?",
                "POLL_OPTIONS", " tea = Thé vert , coffee=Café=noir,neither=Ni l’un ni l’autre",
                "POLL_MODE", "every-click-counts",
                "POLL_CLOSES", "2026-12-24T19:00:00+01:00",
                "POLL_ID", "20261121T141500Z",
                "VOTE_STREAMS", "16",
                "VOTE_ADDRESS", "https://vote.example/",
                "REDIS_HOST", "redis.example",
                "REDIS_PORT", "6380",
                "REDIS_PASSWORD", "s=e,c ret"));

        assertThat(settings.poll().question()).isEqualTo("Thé ou café ?");
        assertThat(settings.poll().options().all())
                .containsExactly(
                        new Option("tea", "Thé vert"),
                        new Option("coffee", "Café=noir"),
                        new Option("neither", "Ni l’un ni l’autre"));
        assertThat(settings.poll().mode()).isEqualTo(Mode.EVERY_CLICK_COUNTS);
        assertThat(settings.poll().closes()).isEqualTo(Instant.parse("2026-12-24T18:00:00Z"));
        assertThat(settings.poll().id()).isEqualTo("20261121T141500Z");
        assertThat(settings.vote()).isEqualTo(new VoteSettings.Vote(16, "https://vote.example/"));
        assertThat(settings.redis())
                .isEqualTo(new VoteSettings.Redis("redis.example", 6380, "s=e,c ret", "", "", "mymaster", 0));
    }

    @Test
    void aClusterAndSentinelsAreListsOfNodes() {
        var cluster = read(Map.of("REDIS_CLUSTER_NODES", "redis-1:6379,10.0.0.2:7000,[::1]:6380"))
                .redis();
        var sentinels = read(Map.of(
                        "REDIS_SENTINEL_NODES", "a:26379,b:26379",
                        "REDIS_SENTINEL_MASTER", "ballots",
                        "REDIS_WAIT_REPLICAS", "1"))
                .redis();

        assertThat(cluster.isCluster()).isTrue();
        assertThat(cluster.cluster())
                .containsExactly(
                        new HostAndPort("redis-1", 6379),
                        new HostAndPort("10.0.0.2", 7000),
                        new HostAndPort("[::1]", 6380));
        assertThat(sentinels.isSentinel()).isTrue();
        assertThat(sentinels.sentinels()).containsExactly(new HostAndPort("a", 26379), new HostAndPort("b", 26379));
        assertThat(sentinels.sentinelMaster()).isEqualTo("ballots");
        assertThat(sentinels.waitReplicas()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({
        "REDIS_HOST, REDIS_CLUSTER_NODES",
        "REDIS_HOST, REDIS_SENTINEL_NODES",
        "REDIS_CLUSTER_NODES, REDIS_SENTINEL_NODES",
    })
    void onlyOneKindOfRedisMayBeSet(String one, String other) {
        assertThatThrownBy(() -> read(Map.of(one, "redis-1:6379", other, "redis-1:6379")))
                .rootCause()
                .hasMessageStartingWith(
                        "REDIS_HOST, REDIS_CLUSTER_NODES and REDIS_SENTINEL_NODES must not be set together");
    }

    @Test
    void anEmptyModeIsTheDefaultMode() {
        assertThat(read(Map.of("POLL_MODE", "")).poll().mode()).isEqualTo(Mode.ONE_VOTE_PER_BROWSER);
    }

    @Test
    void aModeHasTheSameNameInEveryLanguage() {
        var usual = Locale.getDefault();
        Locale.setDefault(Locale.forLanguageTag("tr"));
        try {
            assertThat(Mode.EVERY_CLICK_COUNTS).hasToString("every-click-counts");
        } finally {
            Locale.setDefault(usual);
        }
    }

    @Test
    void anEmptyClosingTimeIsNone() {
        assertThat(read(Map.of("POLL_CLOSES", "")).poll().closes()).isNull();
    }

    @Test
    void thePollIsClosedFromItsClosingTimeOn() {
        var poll = read(Map.of("POLL_CLOSES", "2026-12-24T18:00:00Z")).poll();

        assertThat(poll.isClosedAt(Instant.parse("2026-12-24T17:59:59.999Z"))).isFalse();
        assertThat(poll.isClosedAt(Instant.parse("2026-12-24T18:00:00Z"))).isTrue();
        assertThat(read(Map.of()).poll().isClosedAt(Instant.MAX)).isFalse();
    }

    @ParameterizedTest(name = "{0}={1}")
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            POLL_QUESTION | ""                                | must have 1 to 200 characters
            POLL_QUESTION | "   "                             | must have 1 to 200 characters
            POLL_QUESTION | 201 characters                    | must have 1 to 200 characters
            POLL_OPTIONS  | ""                                | '' is not such a pair
            POLL_OPTIONS  | cats=Cats                         | there are 1
            POLL_OPTIONS  | a=A,b=B,c=C,d=D,e=E,f=F,g=G,h=H,i=I,j=J,k=K | there are 11
            POLL_OPTIONS  | cats=Cats,dogs                    | 'dogs' is not such a pair
            POLL_OPTIONS  | cats=Cats,=Dogs                   | '=Dogs' is not such a pair
            POLL_OPTIONS  | cats=Cats,dogs=Dogs,              | '' is not such a pair
            POLL_OPTIONS  | cats=Cats,cats=Dogs               | the id 'cats' is there twice
            POLL_OPTIONS  | cats=Cats,Dogs=Dogs               | the id 'Dogs' is not [a-z0-9-]{1,32}
            POLL_OPTIONS  | cats=Cats,d_g=Dogs                | the id 'd_g' is not [a-z0-9-]{1,32}
            POLL_OPTIONS  | cats=Cats,a23456789012345678901234567890123=Dogs | is not [a-z0-9-]{1,32}
            POLL_OPTIONS  | cats=Cats,dogs=                   | a label has 1 to 60 characters
            POLL_OPTIONS  | cats=Cats,dogs=a2345678901234567890123456789012345678901234567890123456789012 | 1 to 60
            POLL_ID       | a.b                               | must have at most 36 letters, digits and hyphens, not 'a.b'
            VOTE_STREAMS  | 0                                 | must be 1 to 256, not 0
            VOTE_STREAMS  | 257                               | must be 1 to 256, not 257
            VOTE_ADDRESS  | vote.example                      | must begin with http:// or https://
            REDIS_PORT    | 0                                 | must be 1 to 65535, not 0
            REDIS_PORT    | 65536                             | must be 1 to 65535, not 65536
            REDIS_CLUSTER_NODES   | redis-1                   | 'redis-1' is not such a pair
            REDIS_CLUSTER_NODES   | redis-1:6379,             | '' is not such a pair
            REDIS_CLUSTER_NODES   | a:6379,,b:6379            | '' is not such a pair
            REDIS_CLUSTER_NODES   | a:6379 b:6379             | 'a:6379 b:6379' is not such a pair
            REDIS_CLUSTER_NODES   | a:0                       | 'a:0' is not such a pair
            REDIS_CLUSTER_NODES   | a:65536                   | 'a:65536' is not such a pair
            REDIS_CLUSTER_NODES   | redis://a:6379            | 'redis://a:6379' is not such a pair
            REDIS_SENTINEL_NODES  | :26379                    | ':26379' is not such a pair
            REDIS_SENTINEL_NODES  | ::1:26379                 | '::1:26379' is not such a pair
            REDIS_SENTINEL_MASTER | " "                       | must be the name that the Sentinels use
            REDIS_WAIT_REPLICAS   | -1                        | must be 0 to 5, not -1
            REDIS_WAIT_REPLICAS   | 6                         | must be 0 to 5, not 6
            """)
    void senselessValueIsRefusedWithAMessageThatNamesTheVariable(String variable, String value, String reason) {
        var sent = value.equals("201 characters") ? "?".repeat(201) : value;

        assertThatThrownBy(() -> read(Map.of(variable, sent)))
                .rootCause()
                .hasMessageStartingWith(variable + " must")
                .hasMessageContaining(reason);
    }

    @ParameterizedTest(name = "{0}={1}")
    @CsvSource(delimiter = '|', textBlock = """
            POLL_QUESTION | ' '         | POLL_QUESTION must have 1 to 200 characters
            POLL_OPTIONS  | cats=Cats   | POLL_OPTIONS must be 2 to 10 id=Label pairs
            POLL_MODE     | every-click | System Environment Property "POLL_MODE"
            POLL_CLOSES   | 18:00       | System Environment Property "POLL_CLOSES"
            VOTE_STREAMS  | 0           | VOTE_STREAMS must be 1 to 256, not 0
            VOTE_STREAMS  | four        | System Environment Property "VOTE_STREAMS"
            REDIS_PORT    | 70000       | REDIS_PORT must be 1 to 65535, not 70000
            """)
    void serviceDoesNotStartAndSaysWhatToSet(String variable, String value, String reason, CapturedOutput output) {
        assertThatThrownBy(() -> VoteServer.run(Map.of(variable, value)).close())
                .isInstanceOf(Exception.class);

        assertThat(output).contains("APPLICATION FAILED TO START").contains(reason);
    }

    private static VoteSettings read(Map<String, String> variables) {
        var environment = new StandardEnvironment();
        environment
                .getPropertySources()
                .replace(
                        StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME,
                        new SystemEnvironmentPropertySource(
                                StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME, new HashMap<>(variables)));
        try (var context = new AnnotationConfigApplicationContext()) {
            context.setEnvironment(environment);
            context.register(SettingsOnly.class);
            context.refresh();
            return context.getBean(VoteSettings.class);
        }
    }

    @Configuration
    @EnableConfigurationProperties({VoteSettings.Poll.class, VoteSettings.Vote.class, VoteSettings.Redis.class})
    @Import(VoteSettings.class)
    static class SettingsOnly {}
}
