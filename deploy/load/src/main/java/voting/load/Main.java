package voting.load;

import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import redis.clients.jedis.exceptions.JedisException;
import voting.load.LoadSettings.Variables;

/** The commands behind {@code make load}, {@code load-curve}, {@code load-compare} and {@code reset}. */
final class Main {

    /** The run is not to be believed. */
    static final int INVALID = 1;

    /** What was asked for makes no sense, or cannot be had. */
    private static final int MISUSE = 2;

    private static final List<String> SETTINGS = List.of(
            "RATE",
            "DURATION",
            "WARMUP",
            "ARRIVALS",
            "SEED",
            "NEW",
            "CHANGED",
            "PAGES",
            "RESULTS",
            "VIEWERS",
            "SILENT_VIEWERS",
            "CONNECTIONS",
            "PATIENCE",
            "MAX_LAG",
            "MAX_DROPPED",
            "RATES",
            "REPEAT");

    private final Map<String, String> environment;
    private final Variables variables;
    private final String startedAt =
            Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();

    Main(Map<String, String> environment) {
        this.environment = environment;
        this.variables = new Variables(environment);
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        Locale.setDefault(Locale.ROOT); // figures are to look the same everywhere
        try {
            System.exit(new Main(System.getenv()).run(arguments.length == 0 ? "load" : arguments[0]));
        } catch (LoadException e) {
            System.err.println(e.getMessage());
            System.exit(MISUSE);
        } catch (IllegalStateException | JedisException e) {
            System.err.println("INVALID: Postgres, Redis or the generator failed during the run: " + e.getMessage());
            System.exit(INVALID);
        }
    }

    /** Returns the status to exit with. */
    int run(String command) throws IOException, InterruptedException {
        return switch (command) {
            case "load" -> load();
            case "curve" -> curve();
            case "compare" -> compare();
            case "reset" -> reset();
            default -> throw new LoadException("There is load, curve, compare and reset, but no \"%s\".", command);
        };
    }

    private int load() throws IOException, InterruptedException {
        var settings = LoadSettings.of(environment);
        var access = Access.find(variables, settings.vote());
        System.out.printf(
                "%s, %,.0f requests in %s after %s of warm-up; seed %d; seen through %s%n",
                settings.vote().uri("/"),
                settings.curve().requests(),
                settings.curve().duration(),
                settings.warmUp(),
                settings.seed(),
                access.source());
        var facts = Environment.of(settings, access, environment);
        try (var session = new Session(settings, access, System.out::println)) {
            var step = session.run(settings);
            return finish("Load on the voting app", settings, facts, List.of(step), null, session.verify());
        }
    }

    private int curve() throws IOException, InterruptedException {
        var settings = LoadSettings.of(environment);
        var curve = Curve.of(variables);
        var access = Access.find(variables, settings.vote());
        var facts = Environment.of(settings, access, environment);
        try (var session = new Session(settings, access, System.out::println)) {
            var steps = curve.run(session, settings);
            return finish(
                    "Latency of the voting app by rate",
                    settings,
                    facts,
                    steps,
                    Curve.highest(steps),
                    session.verify());
        }
    }

    private int finish(
            String title,
            LoadSettings settings,
            Environment facts,
            List<Measurement> steps,
            Curve.Highest highest,
            Verification verification) {
        var invalid = new ArrayList<String>();
        // Beyond the objective a generator may have to give up: of a curve, only the rates within it must be sound.
        steps.stream()
                .filter(step -> steps.size() == 1 || highest != null && step.rate() <= highest.rate())
                .forEach(step -> invalid.addAll(Report.flaws(step, settings)));
        if (!verification.passed()) {
            invalid.add("verification failed");
        }
        var report = new Report(title, startedAt, used(settings), facts, steps, highest, verification, invalid);
        System.out.println(new Summary(report).text());
        System.out.println("Report: " + report.write(environment));
        return report.isValid() ? 0 : INVALID;
    }

    private int compare() {
        var a = variables.text("A").orElseThrow(() -> new LoadException("Name two reports: A=<file> B=<file>."));
        var b = variables.text("B").orElseThrow(() -> new LoadException("Name two reports: A=<file> B=<file>."));
        System.out.println(new Comparison(Report.read("A", a), Report.read("B", b)).text());
        return 0;
    }

    private int reset() {
        var settings = LoadSettings.of(environment);
        new Reset(settings, Access.find(variables, settings.vote()), System.out::println)
                .run(
                        variables.whole("SEED_VOTES", "0", 0, 100_000_000),
                        variables.text("FORCE", "0").equals("1"));
        return 0;
    }

    private Map<String, String> used(LoadSettings settings) {
        var used = new TreeMap<String, String>();
        SETTINGS.forEach(name -> variables.text(name).ifPresent(value -> used.put(name, value)));
        used.put("SEED", Long.toString(settings.seed()));
        used.put("mix", settings.mix().toString());
        return used;
    }
}
