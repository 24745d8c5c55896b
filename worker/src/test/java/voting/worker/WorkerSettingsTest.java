package voting.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.core.env.StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.boot.support.SystemEnvironmentPropertySourceEnvironmentPostProcessor;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Import;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/** The environment variables of the worker: defaults, explicit values, and what is refused. */
class WorkerSettingsTest {

    @ConfigurationPropertiesScan
    @Import(WorkerSettings.class)
    static class Configuration {}

    @Test
    void defaults() {
        start(Map.of(), context -> {
            var settings = context.getBean(WorkerSettings.class);
            assertThat(settings.poll().options().ids()).containsExactlyInAnyOrder("cats", "dogs");
            assertThat(settings.vote().streams()).isEqualTo(4);
            assertThat(settings.redis()).isEqualTo(new WorkerSettings.Redis("localhost", 6379, "", "", "", "mymaster"));
            assertThat(context.getBean(PostgresSettings.class))
                    .isEqualTo(new PostgresSettings("localhost", 5432, "votes", "worker", ""));
        });
    }

    @Test
    void explicitValues() {
        var variables = Map.<String, Object>of(
                "POLL_OPTIONS", "tea=Thé, coffee-2=Kaffee = gut,0=Nothing",
                "VOTE_STREAMS", "16",
                "REDIS_HOST", "redis.example",
                "REDIS_PORT", "7000",
                "REDIS_PASSWORD", "p4ss, word=\"",
                "POSTGRES_HOST", "one.example, two.example:5434,[::1]",
                "POSTGRES_PORT", "5433",
                "POSTGRES_DB", "poll",
                "POSTGRES_USER", "drainer",
                "POSTGRES_PASSWORD", "s=e,c ret");
        start(variables, context -> {
            var settings = context.getBean(WorkerSettings.class);
            assertThat(settings.poll().options().ids()).containsExactlyInAnyOrder("tea", "coffee-2", "0");
            assertThat(settings.vote().streams()).isEqualTo(16);
            assertThat(settings.redis())
                    .isEqualTo(new WorkerSettings.Redis("redis.example", 7000, "p4ss, word=\"", "", "", "mymaster"));
            var postgres = context.getBean(JdbcConnectionDetails.class);
            assertThat(postgres.getJdbcUrl())
                    .isEqualTo("jdbc:postgresql://one.example:5433,two.example:5434,[::1]:5433/poll"
                            + "?targetServerType=primary");
            assertThat(postgres.getUsername()).isEqualTo("drainer");
            assertThat(postgres.getPassword()).isEqualTo("s=e,c ret");
        });
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "POLL_OPTIONS   | ``                        | '' is not such a pair",
                "POLL_OPTIONS   | cats                      | 'cats' is not such a pair",
                "POLL_OPTIONS   | cats=Cats                 | there are 1",
                "POLL_OPTIONS   | cats=Cats,                | '' is not such a pair",
                "POLL_OPTIONS   | cats=Cats,=Dogs           | '=Dogs' is not such a pair",
                "POLL_OPTIONS   | cats=Cats,dogs=           | a label has 1 to 60 characters",
                "POLL_OPTIONS   | cats=Cats,dogs=123456789-123456789-123456789-123456789-123456789-123456789-1 | a label has",
                "POLL_OPTIONS   | cats=Cats,cats=More cats  | the id 'cats' is there twice",
                "POLL_OPTIONS   | Cats=Cats,dogs=Dogs       | the id 'Cats' is not [a-z0-9-]{1,32}",
                "POLL_OPTIONS   | a b=Cats,dogs=Dogs        | the id 'a b' is not [a-z0-9-]{1,32}",
                "POLL_OPTIONS   | abcdefghijabcdefghijabcdefghijabc=Cats,dogs=Dogs | is not [a-z0-9-]{1,32}",
                "POLL_OPTIONS   | a=A,b=B,c=C,d=D,e=E,f=F,g=G,h=H,i=I,j=J,k=K      | there are 11",
                "VOTE_STREAMS   | 0                         | VOTE_STREAMS must be 1 to 256, not 0",
                "VOTE_STREAMS   | -1                        | VOTE_STREAMS must be 1 to 256, not -1",
                "VOTE_STREAMS   | 257                       | VOTE_STREAMS must be 1 to 256, not 257",
                "VOTE_STREAMS   | four                      | \"four\"",
                "VOTE_STREAMS   | 99999999999               | \"99999999999\"",
                "REDIS_PORT     | 0                         | REDIS_PORT must be 1 to 65535, not 0",
                "REDIS_PORT     | 65536                     | REDIS_PORT must be 1 to 65535, not 65536",
                "REDIS_PORT     | redis                     | \"redis\"",
                "POSTGRES_HOST  | ``                        | POSTGRES_HOST must be a host, or several with commas in between",
                "POSTGRES_HOST  | one,                      | '' is none",
                "POSTGRES_HOST  | one;two                   | 'one;two' is none",
                "POSTGRES_HOST  | one:,two                  | 'one:' is none",
                "POSTGRES_HOST  | one:5432:5433             | 'one:5432:5433' is none",
                "POSTGRES_HOST  | postgresql://one/votes    | 'postgresql://one/votes' is none",
                "POSTGRES_HOST  | one:0,two                 | 'one:0' has no port from 1 to 65535",
                "POSTGRES_HOST  | one,two:65536             | 'two:65536' has no port from 1 to 65535",
                "POSTGRES_HOST  | one:5432,one              | 'one' is there twice",
                "POSTGRES_PORT  | 0                         | POSTGRES_PORT must be 1 to 65535, not 0",
                "POSTGRES_PORT  | 65536                     | POSTGRES_PORT must be 1 to 65535, not 65536",
                "REDIS_CLUSTER_NODES   | redis-1            | 'redis-1' is not such a pair",
                "REDIS_CLUSTER_NODES   | a:6379,            | '' is not such a pair",
                "REDIS_CLUSTER_NODES   | a:65536            | 'a:65536' is not such a pair",
                "REDIS_SENTINEL_NODES  | a:26379,,b:26379   | '' is not such a pair",
                "REDIS_SENTINEL_MASTER | ` `                | must be the name that the Sentinels use",
            })
    void aValueThatMakesNoSenseStopsTheStartAndNamesTheVariable(String variable, String value, String message) {
        start(
                Map.of(variable, value),
                context -> assertThat(context.getStartupFailure())
                        .isNotNull()
                        .satisfies(failure -> assertThat(messages(failure)).contains(variable, message)));
    }

    @ParameterizedTest
    @CsvSource({
        "REDIS_HOST, REDIS_CLUSTER_NODES",
        "REDIS_HOST, REDIS_SENTINEL_NODES",
        "REDIS_CLUSTER_NODES, REDIS_SENTINEL_NODES",
    })
    void onlyOneKindOfRedisMayBeSet(String one, String other) {
        start(
                Map.of(one, "redis-1:6379", other, "redis-1:6379"),
                context -> assertThat(context.getStartupFailure())
                        .isNotNull()
                        .satisfies(failure -> assertThat(messages(failure)).contains("must not be set together")));
    }

    /** Everything that Spring's report of a failed start is made of. */
    private static String messages(Throwable failure) {
        var messages = new StringBuilder();
        for (var cause = failure; cause != null; cause = cause.getCause()) {
            messages.append(cause.getMessage()).append('\n');
            if (cause instanceof BindException e && e.getProperty() != null) {
                messages.append(e.getProperty().getOrigin()).append('\n');
            }
        }
        return messages.toString();
    }

    /** With these environment variables and no others. */
    private static void start(Map<String, Object> variables, Consumer<AssertableApplicationContext> check) {
        new ApplicationContextRunner()
                .withInitializer(context -> {
                    var environment = context.getEnvironment();
                    environment
                            .getPropertySources()
                            .replace(
                                    SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME,
                                    new SystemEnvironmentPropertySource(
                                            SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME, new HashMap<>(variables)));
                    new SystemEnvironmentPropertySourceEnvironmentPostProcessor()
                            .postProcessEnvironment(environment, new SpringApplication());
                })
                .withUserConfiguration(Configuration.class)
                .run(check::accept);
    }
}
