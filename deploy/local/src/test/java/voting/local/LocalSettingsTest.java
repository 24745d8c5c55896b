package voting.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where a demo takes its poll from, and which poll its votes belong to. */
class LocalSettingsTest {

    @TempDir
    private Path directory;

    @Test
    void pollIsThatOfTheRepositoryOrOfTheFileThatIsNamed() throws IOException {
        var file = Files.createFile(directory.resolve("mine.properties"));

        assertThat(pollFile(Map.of()))
                .isEqualTo(Build.find().root().resolve("deploy/poll.properties").toString())
                .satisfies(path -> assertThat(Path.of(path)).isReadable());
        assertThat(pollFile(Map.of("POLL_FILE", file.toString()))).isEqualTo(file.toString());
    }

    @Test
    void pollFileThatIsNotThereIsRefused() {
        assertThatThrownBy(() -> pollFile(Map.of("POLL_FILE", "/no/such/file")))
                .isInstanceOf(LaunchException.class)
                .hasMessage("POLL_FILE must name a file that can be read, not \"/no/such/file\".");
    }

    @Test
    void votesThatLastBelongToTheSamePollAndOthersToAnother() {
        String first;
        try (var data = DataDirectory.lasting(directory.resolve("a"))) {
            first = data.pollId();
        }
        try (var again = DataDirectory.lasting(directory.resolve("a"));
                var another = DataDirectory.temporary(directory)) {
            assertThat(again.pollId()).isEqualTo(first).matches("[a-z0-9-]{36}");
            assertThat(another.pollId()).isNotEqualTo(first);
        }
    }

    private static String pollFile(Map<String, String> environment) {
        return LocalSettings.of(environment).variables().get("POLL_FILE");
    }
}
