package voting.load;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a command measured, as it is kept.
 *
 * @param title for people
 * @param startedAt as ISO 8601
 * @param settings of the command
 * @param steps one, or those of a curve
 * @param highest the highest rate within the objective, of a curve; otherwise null
 * @param invalid why nothing of this should be believed; empty when it may be
 */
record Report(
        String title,
        String startedAt,
        Map<String, String> settings,
        Environment environment,
        List<Measurement> steps,
        Curve.Highest highest,
        Verification verification,
        List<String> invalid) {

    /** Git ignores it, and mvn clean removes it. */
    private static final Path DIRECTORY = Path.of("deploy/load/target/load");

    private static final JsonMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    boolean isValid() {
        return invalid.isEmpty();
    }

    /** Why a measurement, by itself, is not to be believed. */
    static List<String> flaws(Measurement step, LoadSettings settings) {
        var flaws = new ArrayList<String>();
        var figures = step.figures();
        if (figures.lag().p99() > settings.maxLag().toMillis()) {
            flaws.add("the generator lagged: p99 %.1f ms, bound %d ms"
                    .formatted(figures.lag().p99(), settings.maxLag().toMillis()));
        }
        var dropped = 100.0 * figures.dropped() / Math.max(1, figures.requests());
        if (dropped > settings.maxDroppedPercent()) {
            flaws.add("%.2f %% of the requests were never sent, bound %.2f %%"
                    .formatted(dropped, settings.maxDroppedPercent()));
        }
        if (!step.drained()) {
            flaws.add("not all that was acknowledged became visible");
        }
        if (step.viewersLost() > 0) {
            flaws.add("%,d connections of viewers ended".formatted(step.viewersLost()));
        }
        flaws.addAll(step.brokenInstruments());
        return flaws;
    }

    /** Writes the JSON, and the page beside it; returns the page. */
    Path write(Map<String, String> environment) {
        var directory = Path.of(environment.getOrDefault("LOAD_REPORTS", DIRECTORY.toString()));
        var name = startedAt.replaceAll("[:.]", "-");
        try {
            Files.createDirectories(directory);
            Files.writeString(directory.resolve(name + ".json"), json());
            return Files.writeString(directory.resolve(name + ".html"), new Page(this).html());
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot write to " + directory, e);
        }
    }

    String json() {
        return JSON.writeValueAsString(this);
    }

    static Report read(String variable, String file) {
        try {
            return JSON.readValue(Files.readString(Path.of(file)), Report.class);
        } catch (IOException | JacksonException e) {
            throw new LoadException("%s must name a report that `make load` wrote, not \"%s\".", variable, file);
        }
    }
}
