package voting.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** The names, types and labels in {@code deploy/monitoring/METRICS.md}. */
final class MetricsTable {

    private static final Path FILE = Path.of("../deploy/monitoring/METRICS.md");

    private static final Pattern QUOTED = Pattern.compile("`([^`]+)`");
    private static final Pattern TYPE = Pattern.compile("# TYPE (\\S+) (\\S+)");
    private static final Pattern LABEL = Pattern.compile("(\\w+)=\"");

    private MetricsTable() {}

    /** What is exposed to Prometheus is what the table says about the service, no more and no less. */
    static void assertDescribes(String scraped, String service) throws IOException {
        var exposed = exposed(scraped);
        var documented = documented(service);
        for (var name : List.copyOf(documented.keySet())) {
            if (name.endsWith("*")) {
                documented.remove(name);
                var family = name.substring(0, name.length() - 1);
                var others = documented.keySet();
                assertThat(exposed.keySet().removeIf(one -> one.startsWith(family) && !others.contains(one)))
                        .as("is there any %s?", name)
                        .isTrue();
            }
        }
        assertThat(exposed).isEqualTo(documented);
    }

    /** By name, such as "votes_accepted_total": type and labels, such as "counter [option]". */
    private static SortedMap<String, String> documented(String service) throws IOException {
        var documented = new TreeMap<String, String>();
        for (var line : Files.readAllLines(FILE)) {
            var cells = line.split("\\|");
            if (line.startsWith("| `") && List.of(cells[4].strip().split(" ")).contains(service)) {
                documented.put(cells[1].replace("`", "").strip(), cells[2].strip() + " " + quoted(cells[3]));
            }
        }
        return documented;
    }

    /** The largest values of histograms and summaries go with them. */
    private static SortedMap<String, String> exposed(String scraped) {
        var exposed = new TreeMap<String, String>();
        TYPE.matcher(scraped).results().forEach(type -> exposed.put(type.group(1), type.group(2)));
        exposed.keySet().removeIf(name -> name.endsWith("_max") && exposed.containsKey(name.replaceFirst("_max$", "")));
        exposed.replaceAll((name, type) -> type + " " + labels(name, scraped));
        return exposed;
    }

    private static SortedSet<String> quoted(String cell) {
        var quoted = new TreeSet<String>();
        QUOTED.matcher(cell).results().forEach(match -> quoted.add(match.group(1)));
        return quoted;
    }

    private static SortedSet<String> labels(String name, String scraped) {
        var labels = new TreeSet<String>();
        scraped.lines()
                .filter(line -> line.startsWith(name))
                .forEach(sample -> LABEL.matcher(sample).results().forEach(match -> labels.add(match.group(1))));
        labels.remove("le");
        return labels;
    }
}
