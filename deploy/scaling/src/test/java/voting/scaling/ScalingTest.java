package voting.scaling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The plan adds up, and SCALING.md shows what the program prints. */
class ScalingTest {

    private static final Path DOCUMENT = Path.of("../SCALING.md");

    /** What a comment with the command announces, up to the comment that ends it. */
    private static final Pattern PRINTED =
            Pattern.compile("<!-- make scaling((?: [A-Z_]+=\\d+)*) -->\n(.*?)<!-- end -->", Pattern.DOTALL);

    @TestFactory
    Stream<DynamicTest> documentShowsWhatTheProgramPrints() throws Exception {
        var printed = PRINTED.matcher(Files.readString(DOCUMENT)).results().toList();
        assertThat(printed).hasSize(4);
        return printed.stream()
                .map(table -> DynamicTest.dynamicTest("make scaling" + table.group(1), () -> {
                    var settings = settings(table.group(1));
                    var scaling = new Scaling(settings);
                    assertThat(table.group(2).strip())
                            .isEqualTo((settings.isEmpty() ? scaling.figures() : scaling.plan()).strip());
                }));
    }

    @Test
    void oneMachineTakesFewVotes() {
        var plan = plan("RATE=1000");

        assertThat(plan)
                .contains("| Redis | 1 x ", "| `VOTE_STREAMS` | 4 |", "| Postgres | 1 x ")
                .contains("The stack as it comes does");
    }

    /** 100,000 votes/s × 43 µs are 4.3 cores, of which each pod may use 60 %. */
    @Test
    void coresFollowFromWhatAVoteCosts() {
        assertThat(plan("RATE=100000")).contains("| vote | 8 x ");
        assertThat(plan("RATE=100000 UTILISATION=100")).contains("| vote | 5 x ");
        assertThat(plan("RATE=100000 VOTE_MICROS=430")).contains("| vote | 72 x ");
    }

    /** A database commits what notifies one at a time: 2,000 ballots per 20 ms, of which the plan uses 60 %. */
    @Test
    void slowCommitsTakeMorePrimariesThanCoresDo() {
        assertThat(plan("RATE=100000 COMMIT_MICROS=20000")).contains("| Postgres | 2 x ");
        assertThat(plan("RATE=100000 COMMIT_MICROS=2000")).contains("| Postgres | 1 x ");
    }

    @Test
    void clusterOfRedisHasThreeMastersAtLeast() {
        assertThat(plan("RATE=60000")).contains("| Redis | 1 x ");
        assertThat(plan("RATE=70000")).contains("| Redis | 3 x ");
    }

    @Test
    void viewersTakeMemoryEvenWhenNothingMoves() {
        assertThat(plan("RATE=1 VIEWERS=100000 VIEWER_MICROS=1")).contains("| result | 10 x ");
    }

    @Test
    void moreStreamsThanCanBeSetAreCalledByTheirName() {
        assertThat(plan("RATE=5000000")).contains("| `VOTE_STREAMS` | 256 |");
        assertThat(plan("RATE=20000000")).contains("| `VOTE_STREAMS` | 1,024, which is more than can be set |");
    }

    @ParameterizedTest
    @ValueSource(strings = {"RATE=0", "RATE=-1", "RATE=many", "RATE=1.5", "RATE=1000 CORES=0"})
    void whatIsNoNumberIsRefusedByName(String settings) {
        var name = settings.contains("CORES") ? "CORES" : "RATE";
        assertThatThrownBy(() -> plan(settings)).hasMessageStartingWith(name + " must be a whole number above 0");
    }

    private static String plan(String settings) {
        return new Scaling(settings(settings)).plan();
    }

    private static Map<String, String> settings(String words) {
        var settings = new HashMap<String, String>();
        for (var word : words.split(" ")) {
            if (!word.isEmpty()) {
                settings.put(word.substring(0, word.indexOf('=')), word.substring(word.indexOf('=') + 1));
            }
        }
        return settings;
    }
}
