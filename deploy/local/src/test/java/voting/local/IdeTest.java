package voting.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Element;

/** What IDEs are told, in {@code .run}, {@code .vscode} and {@code .devcontainer}, is true of this project. */
class IdeTest {

    private static final Path ROOT = Build.find().root();

    @ParameterizedTest
    @ValueSource(strings = {"vote", "result", "worker"})
    void debuggersAttachWhereDevelopmentListens(String service) throws Exception {
        var port = String.valueOf(new Development(Build.find(), Map.of()).debugPort(service));

        assertThat(option(service, "PORT")).isEqualTo(port);
        assertThat(visualStudioCode(service).getAsJsonObject().get("port").getAsString())
                .isEqualTo(port);
        assertThat(ROOT.resolve(service).resolve("pom.xml")).exists();
    }

    @Test
    void developmentIsStartedByAClassThatExists() throws Exception {
        var mainClass = option("dev", "MAIN_CLASS_NAME");

        assertThat(mainClass).isEqualTo(Demo.class.getName());
        assertThat(option("dev", "PROGRAM_PARAMETERS")).isEqualTo("dev");
        var launch = visualStudioCode("dev").getAsJsonObject();
        assertThat(launch.get("mainClass").getAsString()).isEqualTo(mainClass);
        assertThat(launch.get("args").getAsString()).isEqualTo("dev");
        assertThat(json(".vscode/tasks.json").getAsJsonObject().getAsJsonArray("tasks"))
                .extracting(task -> task.getAsJsonObject().get("label"))
                .containsExactly(launch.get("preLaunchTask"));
    }

    @Test
    void developmentContainerForwardsThePortsOfTheDemo() throws IOException {
        var container = json(".devcontainer/devcontainer.json").getAsJsonObject();
        var demo = LocalSettings.of(Map.of());

        assertThat(container.getAsJsonArray("forwardPorts"))
                .extracting(JsonElement::getAsInt)
                .containsExactly(demo.votePort(), demo.resultPort());
    }

    private static String option(String configuration, String name) throws Exception {
        var file = ROOT.resolve(".run").resolve(configuration + ".run.xml").toFile();
        var options = DocumentBuilderFactory.newDefaultInstance()
                .newDocumentBuilder()
                .parse(file)
                .getElementsByTagName("option");
        return Stream.iterate(0, i -> i < options.getLength(), i -> i + 1)
                .map(i -> (Element) options.item(i))
                .filter(option -> option.getAttribute("name").equals(name))
                .map(option -> option.getAttribute("value"))
                .findFirst()
                .orElseThrow();
    }

    private static JsonElement visualStudioCode(String configuration) throws IOException {
        return json(".vscode/launch.json").getAsJsonObject().getAsJsonArray("configurations").asList().stream()
                .filter(candidate ->
                        candidate.getAsJsonObject().get("name").getAsString().equals(configuration))
                .findFirst()
                .orElseThrow();
    }

    private static JsonElement json(String file) throws IOException {
        return JsonParser.parseString(Files.readString(ROOT.resolve(file)));
    }
}
