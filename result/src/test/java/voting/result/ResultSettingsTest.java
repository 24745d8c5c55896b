package voting.result;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.HashMap;
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
import voting.result.ResultSettings.Option;
import voting.result.ResultSettings.Postgres;

/** The settings of the service: their defaults, and what is refused at the start. */
@ExtendWith(OutputCaptureExtension.class)
class ResultSettingsTest {

    @Test
    void withoutVariablesEverySettingHasItsDefault() {
        var settings = read(Map.of());

        assertThat(settings.poll().question()).isEqualTo("Cats or dogs?");
        assertThat(settings.poll().options().all())
                .containsExactly(new Option("cats", "Cats"), new Option("dogs", "Dogs"));
        assertThat(settings.poll().closes()).isNull();
        assertThat(settings.poll().id()).isEmpty();
        assertThat(settings.postgres()).isEqualTo(new Postgres("localhost", 5432, "votes", "result", ""));
    }

    @Test
    void everyVariableIsTaken() {
        var settings = read(Map.of(
                "POLL_QUESTION", "Thé ou café ?",
                "POLL_OPTIONS", " tea = Thé vert , coffee=Café=noir,neither=Ni l’un ni l’autre",
                "POLL_CLOSES", "2026-12-24T19:00:00+01:00",
                "POLL_ID", "20261121T141500Z",
                "POSTGRES_HOST", "postgres.example",
                "POSTGRES_PORT", "5433",
                "POSTGRES_DB", "poll",
                "POSTGRES_USER", "reader",
                "POSTGRES_PASSWORD", "s=e,c ret"));

        assertThat(settings.poll().question()).isEqualTo("Thé ou café ?");
        assertThat(settings.poll().options().all())
                .containsExactly(
                        new Option("tea", "Thé vert"),
                        new Option("coffee", "Café=noir"),
                        new Option("neither", "Ni l’un ni l’autre"));
        assertThat(settings.poll().closes()).isEqualTo(Instant.parse("2026-12-24T18:00:00Z"));
        assertThat(settings.poll().id()).isEqualTo("20261121T141500Z");
        assertThat(settings.postgres())
                .isEqualTo(new Postgres("postgres.example", 5433, "poll", "reader", "s=e,c ret"));
    }

    @Test
    void serversWithoutAPortHaveTheCommonOne() {
        var settings = read(Map.of("POSTGRES_HOST", "one.example, two.example:5434,[::1]", "POSTGRES_PORT", "5433"));

        assertThat(settings.postgres().jdbcUrl())
                .isEqualTo("jdbc:postgresql://one.example:5433,two.example:5434,[::1]:5433/votes"
                        + "?targetServerType=primary");
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
            POLL_OPTIONS  | cats=Cats,cats=Dogs               | the id 'cats' is there twice
            POLL_OPTIONS  | cats=Cats,Dogs=Dogs               | the id 'Dogs' is not [a-z0-9-]{1,32}
            POLL_OPTIONS  | cats=Cats,a23456789012345678901234567890123=Dogs | is not [a-z0-9-]{1,32}
            POLL_OPTIONS  | cats=Cats,dogs=                   | a label has 1 to 60 characters
            POSTGRES_PORT | 0                                 | must be 1 to 65535, not 0
            POSTGRES_PORT | 65536                             | must be 1 to 65535, not 65536
            POSTGRES_HOST | ""                                | '' is none
            POSTGRES_HOST | one,                              | '' is none
            POSTGRES_HOST | one;two                           | 'one;two' is none
            POSTGRES_HOST | one:,two                          | 'one:' is none
            POSTGRES_HOST | one:5432:5433                     | 'one:5432:5433' is none
            POSTGRES_HOST | postgresql://one/votes            | 'postgresql://one/votes' is none
            POSTGRES_HOST | one:0,two                         | 'one:0' has no port from 1 to 65535
            POSTGRES_HOST | one,two:65536                     | 'two:65536' has no port from 1 to 65535
            POSTGRES_HOST | one:5432,one                      | 'one' is there twice
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
            POLL_QUESTION | ' '       | POLL_QUESTION must have 1 to 200 characters
            POLL_OPTIONS  | cats=Cats | POLL_OPTIONS must be 2 to 10 id=Label pairs
            POLL_CLOSES   | 18:00     | System Environment Property "POLL_CLOSES"
            POSTGRES_PORT | 70000     | POSTGRES_PORT must be 1 to 65535, not 70000
            POSTGRES_HOST | one;two   | POSTGRES_HOST must be a host, or several with commas in between
            POSTGRES_PORT | five      | System Environment Property "POSTGRES_PORT"
            """)
    void serviceDoesNotStartAndSaysWhatToSet(String variable, String value, String reason, CapturedOutput output) {
        assertThatThrownBy(() -> ResultServer.run(Map.of(variable, value)).close())
                .isInstanceOf(Exception.class);

        assertThat(output).contains("APPLICATION FAILED TO START").contains(reason);
    }

    private static ResultSettings read(Map<String, String> variables) {
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
            return context.getBean(ResultSettings.class);
        }
    }

    @Configuration
    @EnableConfigurationProperties({ResultSettings.Poll.class, ResultSettings.Postgres.class})
    @Import(ResultSettings.class)
    static class SettingsOnly {}
}
