package voting.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LoadSettingsTest {

    @Test
    void withoutVariablesTheLauncherIsMeant() {
        var settings = LoadSettings.of(Map.of());

        assertThat(settings.vote().uri("/").toString()).isEqualTo("http://localhost:8080/");
        assertThat(settings.result().uri("/events").toString()).isEqualTo("http://localhost:8081/events");
        assertThat(settings.curve()).isEqualTo(RateCurve.constant(1_000, Duration.ofSeconds(30)));
        assertThat(settings.mix()).isEqualTo(new Mix(70, 20, 8, 2));
    }

    @Test
    void everythingCanBeSet() {
        var settings = LoadSettings.of(Map.of(
                "VOTE_URL", "https://vote.example.org/",
                "RESULT_URL", "https://vote.example.org/results/",
                "RATE", "2500.5",
                "WARMUP", "2m",
                "ARRIVALS", "poisson",
                "SEED", "-7",
                "NEW", "100",
                "CHANGED", "0",
                "PAGES", "0",
                "RESULTS", "0"));

        assertThat(settings.vote().authority()).isEqualTo("vote.example.org");
        assertThat(settings.result().uri("/api/results").toString())
                .isEqualTo("https://vote.example.org/results/api/results");
        assertThat(settings.curve()).isEqualTo(RateCurve.constant(2_500.5, Duration.ofSeconds(30)));
        assertThat(settings.warmUp()).isEqualTo(Duration.ofMinutes(2));
        assertThat(settings.poisson()).isTrue();
        assertThat(settings.seed()).isEqualTo(-7);
    }

    @Test
    void variablesThatMakePassesOnEmptyAreAsGoodAsNone() {
        assertThat(LoadSettings.of(Map.of("RATE", "", "VOTE_URL", " ")).rate()).isEqualTo(1_000);
    }

    @Test
    void rampGoesFromOneRateToAnother() {
        assertThat(LoadSettings.of(Map.of("ARRIVALS", "ramp:10-500", "DURATION", "20s"))
                        .curve())
                .isEqualTo(RateCurve.ramp(10, 500, Duration.ofSeconds(20)));
    }

    @Test
    void profileIsReadFromTheLastColumnOfAFile(@TempDir Path directory) throws IOException {
        var file = Files.writeString(directory.resolve("day.csv"), "# second, rate\n0,10\n1,20.5\n\n2,0\n");

        var curve = LoadSettings.of(Map.of("ARRIVALS", "profile:" + file)).curve();

        assertThat(curve.lines()).extracting(RateCurve.Line::from).containsExactly(10.0, 20.5, 0.0);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            RATE     | fast          | RATE must be a number from 0.01 to 1000000, not "fast".
            RATE     | -1            | RATE must be a number from 0.01 to 1000000, not "-1".
            RATE     | NaN           | RATE must be a number from 0.01 to 1000000, not "NaN".
            DURATION | 60            | DURATION must be a time such as 500ms, 60s or 5m, not "60".
            DURATION | 0s            | DURATION must be longer than nothing.
            ARRIVALS | ramp:5        | ARRIVALS must be constant, poisson, ramp:<from>-<to> or profile:<file.csv>, not "ramp:5".
            ARRIVALS | ramp:0-10     | ARRIVALS=ramp:0-10 must go from a rate above 0 to another, such as ramp:100-2000.
            ARRIVALS | profile:none  | ARRIVALS=profile:none needs a file with a rate per line, the first above 0.
            NEW      | 90            | NEW, CHANGED, PAGES and RESULTS are percentages and must add up to 100, not to 120.
            VIEWERS  | 1.5           | VIEWERS must be a whole number, not 1.5.
            SEED     | x             | SEED must be a whole number, not "x".
            VOTE_URL | localhost     | VOTE_URL must be an address such as http://localhost:8080, not "localhost".
            VOTE_URL | ftp://a       | VOTE_URL must be an address such as http://localhost:8080, not "ftp://a".
            """)
    void whatMakesNoSenseIsSaidInOneSentence(String name, String value, String sentence) {
        assertThatThrownBy(() -> LoadSettings.of(Map.of(name, value)))
                .isInstanceOf(LoadException.class)
                .hasMessage(sentence);
    }
}
