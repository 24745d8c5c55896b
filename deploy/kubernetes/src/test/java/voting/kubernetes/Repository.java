package voting.kubernetes;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** What other files of this repository say about the same system. */
final class Repository {

    static final Path MANIFESTS = Path.of("").toAbsolutePath();
    static final Path ROOT = MANIFESTS.resolve("../..").normalize();

    private static final Pattern WITH_DEFAULT = Pattern.compile("\\$\\{\\w+:-([^}]*)}");
    private static final Pattern VARIABLE = Pattern.compile("`([A-Z][A-Z_]+)`");

    private Repository() {}

    static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<Map<String, Object>> documents(String yaml) {
        var documents = new ArrayList<Map<String, Object>>();
        for (var document : new Yaml(new SafeConstructor(new LoaderOptions())).loadAll(yaml)) {
            documents.add(map(document));
        }
        return documents;
    }

    static Map<String, Object> compose() {
        return documents(read(ROOT.resolve("docker-compose.prod.yml"))).getFirst();
    }

    static Map<String, Object> composeService(String name) {
        return map(map(compose().get("services")).get(name));
    }

    /** What a value in a Compose file is when nothing is set. */
    static String byDefault(Object value) {
        return WITH_DEFAULT.matcher(String.valueOf(value)).replaceAll("$1");
    }

    /** The variables that the README's table of settings explains. */
    static Set<String> settings() {
        var readme = read(ROOT.resolve("README.md"));
        var section = readme.substring(readme.indexOf("## Settings"), readme.indexOf("## Performance"));
        var names = new TreeSet<String>();
        section.lines().filter(line -> line.startsWith("| `")).forEach(line -> {
            var cell = VARIABLE.matcher(line.substring(0, line.indexOf(" | ")));
            while (cell.find()) {
                names.add(cell.group(1));
            }
        });
        return names;
    }

    static Properties applicationProperties(String service) {
        var properties = new Properties();
        try (var reader =
                Files.newBufferedReader(ROOT.resolve(service).resolve("src/main/resources/application.properties"))) {
            properties.load(reader);
            return properties;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> map(Object value) {
        return (Map<String, Object>) value;
    }
}
