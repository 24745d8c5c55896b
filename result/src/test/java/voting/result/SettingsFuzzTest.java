package voting.result;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.function.Consumer;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/** Whatever an environment variable holds, it is within its limits or refused with a message that names it. */
class SettingsFuzzTest {

    @Property
    void optionsAreTwoToTenOrRefused(@ForAll("options") String text) {
        read("POLL_OPTIONS", text, ResultSettings.Poll.class, poll -> {
            assertThat(poll.options().all()).hasSizeBetween(2, 10).allSatisfy(option -> {
                assertThat(option.id()).matches("[a-z0-9-]{1,32}");
                assertThat(option.label().strip()).hasSizeBetween(1, 60);
            });
        });
    }

    @Property
    void portIsAPortOrRefused(@ForAll("numbers") String text) {
        read(
                "POSTGRES_PORT",
                text,
                ResultSettings.Postgres.class,
                settings -> assertThat(settings.port()).isBetween(1, 65_535));
    }

    @Property
    void serversAreHostsWithPortsOrRefused(@ForAll("servers") String text) {
        read(
                "POSTGRES_HOST",
                text,
                ResultSettings.Postgres.class,
                settings -> assertThat(settings.jdbcUrl())
                        .matches("jdbc:postgresql://([^,:/?@&\\s]+|\\[[^]\\s]+])(:\\d{1,5})"
                                + "(,([^,:/?@&\\s]+|\\[[^]\\s]+]):\\d{1,5})*/votes\\?targetServerType=primary"));
    }

    @Provide
    Arbitrary<String> servers() {
        return Arbitraries.frequencyOf(
                        Tuple.of(8, Arbitraries.of("one", "two:5433", " three ", "10.0.0.1", "[::1]:5432", "a_b-c.d")),
                        Tuple.of(1, Arbitraries.of("", ":", "one:", ":5432", "::1", "[", "one/x?user=y", "user@one")),
                        Tuple.of(1, Arbitraries.strings().ofMaxLength(10)))
                .list()
                .ofMaxSize(4)
                .map(servers -> String.join(",", servers));
    }

    @Provide
    Arbitrary<String> options() {
        return Arbitraries.frequencyOf(
                        Tuple.of(8, Arbitraries.of("cats=Cats", "dogs=Dogs", "a=A", "b = B ", "1=x=y", "-=é")),
                        Tuple.of(
                                1,
                                Arbitraries.of(
                                        "", "=", "a", "A=a", "cats=", "x=" + "y".repeat(61), "z".repeat(33) + "=z")),
                        Tuple.of(1, Arbitraries.strings().ofMaxLength(10)))
                .list()
                .ofMaxSize(12)
                .map(pairs -> String.join(",", pairs));
    }

    @Provide
    Arbitrary<String> numbers() {
        return Arbitraries.oneOf(
                Arbitraries.integers().map(String::valueOf),
                Arbitraries.integers().between(-1, 300).map(number -> " " + number + " "),
                Arbitraries.of(
                        "",
                        " ",
                        "0",
                        "0x10",
                        "#10",
                        "1e3",
                        "007",
                        "-0",
                        "256",
                        "257",
                        "65535",
                        "65536",
                        "9".repeat(30),
                        "٤"),
                Arbitraries.strings().ofMaxLength(10));
    }

    private static <T> void read(String variable, String value, Class<T> type, Consumer<T> check) {
        var environment = new SystemEnvironmentPropertySource("systemEnvironment", Map.of(variable, value));
        var component = variable.substring(0, variable.indexOf('_')).toLowerCase();
        T settings;
        try {
            settings = new Binder(ConfigurationPropertySources.from(environment)).bindOrCreate(component, type);
        } catch (BindException e) {
            var origin = String.valueOf(
                    e.getProperty() == null ? null : e.getProperty().getOrigin());
            var reason =
                    String.valueOf(NestedExceptionUtils.getMostSpecificCause(e).getMessage());
            assertThat(reason.startsWith(variable + " must ") || origin.contains(variable))
                    .as("%s / %s", reason, origin)
                    .isTrue();
            return;
        }
        check.accept(settings);
    }
}
