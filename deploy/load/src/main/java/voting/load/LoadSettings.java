package voting.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What {@code make load} was asked for.
 *
 * @param results instances of the result service; the viewers are spread over them, all else is asked of the first
 * @param warmUp before the measurement; its votes are verified but not measured
 * @param viewers besides the one that is always there
 * @param silentViewers how many of them do not read what they are sent
 * @param connections at most so many to each of the two addresses
 * @param patience how long somebody waits for an answer
 * @param maxLag bound on p99 of how late the generator takes requests up: above it, the run is invalid
 * @param maxDroppedPercent bound on the requests that were never sent
 * @param insecure whether any certificate will do
 */
record LoadSettings(
        Endpoint vote,
        List<Endpoint> results,
        double rate,
        RateCurve curve,
        boolean poisson,
        Duration warmUp,
        long seed,
        Mix mix,
        int viewers,
        int silentViewers,
        int connections,
        Duration patience,
        Duration maxLag,
        double maxDroppedPercent,
        boolean insecure) {

    private static final Pattern DURATION = Pattern.compile("(\\d{1,6})(ms|s|m|h)");
    private static final Pattern RAMP = Pattern.compile("ramp:([0-9.]+)-([0-9.]+)");

    static LoadSettings of(Map<String, String> environment) {
        var variables = new Variables(environment);
        var rate = variables.decimal("RATE", "1000", 0.01, 1_000_000);
        var duration = variables.duration("DURATION", "30s");
        if (duration.isZero()) {
            throw new LoadException("DURATION must be longer than nothing.");
        }
        var arrivals = variables.text("ARRIVALS", "constant");
        return new LoadSettings(
                Endpoint.of("VOTE_URL", variables.text("VOTE_URL", local(variables, "VOTE_PORT", "8080"))),
                Stream.of(variables
                                .text("RESULT_URL", local(variables, "RESULT_PORT", "8081"))
                                .split(","))
                        .map(url -> Endpoint.of("RESULT_URL", url))
                        .toList(),
                rate,
                curve(arrivals, rate, duration),
                arrivals.equals("poisson"),
                variables.duration("WARMUP", "10s"),
                variables.seed(),
                new Mix(
                        variables.whole("NEW", "70", 0, 100),
                        variables.whole("CHANGED", "20", 0, 100),
                        variables.whole("PAGES", "8", 0, 100),
                        variables.whole("RESULTS", "2", 0, 100)),
                variables.whole("VIEWERS", "0", 0, 50_000),
                variables.whole("SILENT_VIEWERS", "0", 0, 50_000),
                variables.whole("CONNECTIONS", "128", 1, 50_000),
                variables.duration("PATIENCE", "10s"),
                variables.duration("MAX_LAG", "20ms"),
                variables.decimal("MAX_DROPPED", "0.1", 0, 100),
                variables.text("INSECURE", "0").equals("1"));
    }

    /** The same at another rate, all the time. */
    LoadSettings at(double otherRate, Duration duration) {
        return new LoadSettings(
                vote,
                results,
                otherRate,
                RateCurve.constant(otherRate, duration),
                poisson,
                warmUp,
                seed,
                mix,
                viewers,
                silentViewers,
                connections,
                patience,
                maxLag,
                maxDroppedPercent,
                insecure);
    }

    Endpoint result() {
        return results.getFirst();
    }

    Arrivals arrivals() {
        var all = curve.afterWarmUp(warmUp);
        return poisson ? Arrivals.poisson(all, seed) : Arrivals.evenlySpaced(all);
    }

    private static String local(Variables variables, String port, String otherwise) {
        return "http://localhost:" + variables.text(port, otherwise);
    }

    private static RateCurve curve(String arrivals, double rate, Duration duration) {
        if (arrivals.equals("constant") || arrivals.equals("poisson")) {
            return RateCurve.constant(rate, duration);
        }
        var ramp = RAMP.matcher(arrivals);
        if (ramp.matches()) {
            return ramp(arrivals, ramp.group(1), ramp.group(2), duration);
        }
        if (arrivals.startsWith("profile:")) {
            return profile(Path.of(arrivals.substring("profile:".length())));
        }
        throw new LoadException(
                "ARRIVALS must be constant, poisson, ramp:<from>-<to> or profile:<file.csv>, not \"%s\".", arrivals);
    }

    /** Not from 0: the warm-up would have nothing to do. */
    private static RateCurve ramp(String arrivals, String from, String to, Duration duration) {
        try {
            if (Double.parseDouble(from) > 0) {
                return RateCurve.ramp(Double.parseDouble(from), Double.parseDouble(to), duration);
            }
        } catch (NumberFormatException e) {
            // Answered below, like a ramp from nothing.
        }
        throw new LoadException("ARRIVALS=%s must go from a rate above 0 to another, such as ramp:100-2000.", arrivals);
    }

    /** One rate a line, for one second each; where there are columns, the last. */
    private static RateCurve profile(Path file) {
        try {
            var rates = Files.readAllLines(file).stream()
                    .filter(line -> !line.isBlank() && !line.startsWith("#"))
                    .map(line -> line.substring(line.lastIndexOf(',') + 1).strip())
                    .map(Double::valueOf)
                    .toList();
            if (!rates.isEmpty() && rates.stream().allMatch(rate -> rate >= 0) && rates.getFirst() > 0) {
                return RateCurve.profile(rates);
            }
        } catch (IOException | NumberFormatException e) {
            // Answered below, like a file without rates.
        }
        throw new LoadException("ARRIVALS=profile:%s needs a file with a rate per line, the first above 0.", file);
    }

    /** Reads variables; an empty one is as good as none, because make passes such on. */
    record Variables(Map<String, String> environment) {

        String text(String name, String otherwise) {
            return Optional.ofNullable(environment.get(name))
                    .map(String::strip)
                    .filter(value -> !value.isEmpty())
                    .orElse(otherwise);
        }

        Optional<String> text(String name) {
            return Optional.of(text(name, "")).filter(value -> !value.isEmpty());
        }

        List<Double> decimals(String name, String otherwise) {
            try {
                return Pattern.compile(",")
                        .splitAsStream(text(name, otherwise))
                        .map(String::strip)
                        .map(Double::valueOf)
                        .toList();
            } catch (NumberFormatException e) {
                throw new LoadException("%s must be numbers with commas between them.", name);
            }
        }

        double decimal(String name, String otherwise, double least, double most) {
            var value = text(name, otherwise);
            try {
                var number = Double.parseDouble(value);
                if (number >= least && number <= most) {
                    return number;
                }
            } catch (NumberFormatException e) {
                // Answered below, like a number out of range.
            }
            throw new LoadException(
                    "%s must be a number from %s to %s, not \"%s\".", name, plain(least), plain(most), value);
        }

        int whole(String name, String otherwise, int least, int most) {
            var value = decimal(name, otherwise, least, most);
            if (value != Math.rint(value)) {
                throw new LoadException("%s must be a whole number, not %s.", name, value);
            }
            return (int) value;
        }

        Duration duration(String name, String otherwise) {
            var value = text(name, otherwise);
            var matcher = DURATION.matcher(value);
            if (!matcher.matches()) {
                throw new LoadException("%s must be a time such as 500ms, 60s or 5m, not \"%s\".", name, value);
            }
            var number = Long.parseLong(matcher.group(1));
            return switch (matcher.group(2)) {
                case "ms" -> Duration.ofMillis(number);
                case "s" -> Duration.ofSeconds(number);
                case "m" -> Duration.ofMinutes(number);
                default -> Duration.ofHours(number);
            };
        }

        /** By default of this moment, so that the voters of two runs are not the same people. */
        long seed() {
            var value = text("SEED", Long.toString(System.currentTimeMillis()));
            try {
                return Long.parseLong(value);
            } catch (NumberFormatException e) {
                throw new LoadException("SEED must be a whole number, not \"%s\".", value);
            }
        }

        private static String plain(double number) {
            return number == Math.rint(number) ? Long.toString((long) number) : Double.toString(number);
        }
    }
}
