package voting.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import voting.load.Verdict;

/**
 * What a campaign has shown.
 *
 * @param goodSeconds in how many seconds of it somebody's vote was acknowledged
 * @param limits which faults could not strike, and why; or empty
 * @param statuses how often vote answered which status
 * @param poison entries put into the streams that cannot be ballots
 * @param tallies events that the viewers of the live page were sent
 * @param stepsBack how often one of them showed a smaller total than the one before
 * @param settled whether in the end all voters had left and all that was accepted was counted and shown
 */
record Report(
        long seed,
        long seconds,
        int goodSeconds,
        List<Recovery> recoveries,
        String limits,
        int voters,
        long attempts,
        long acknowledged,
        long unconfirmed,
        long refused,
        Map<Integer, Integer> statuses,
        int poison,
        int tallies,
        int stepsBack,
        boolean settled,
        Verdict verdict) {

    /** vote's own: accepted, and the one way in which it may refuse a vote that is well-formed. */
    private static final List<Integer> DESIGNED_STATUSES = List.of(202, 303, 503);

    private static final String HEADING = "%-8s %-20s %5s %8s %8s   %5s %8s %8s";

    boolean passed() {
        return problems().isEmpty();
    }

    /** What should not have happened, in words. */
    List<String> problems() {
        var problems = new ArrayList<String>();
        recoveries.stream()
                .filter(recovery -> recovery.useful().isEmpty())
                .forEach(recovery -> problems.add("No recovery from " + recovery.fault()));
        statuses.keySet().stream()
                .filter(status -> !DESIGNED_STATUSES.contains(status))
                .forEach(status -> problems.add("vote answered " + status + " to a well-formed vote"));
        if (stepsBack > 0) {
            problems.add("The live page went back " + stepsBack + " times");
        }
        if (!settled) {
            problems.add("In the end not all that was accepted was counted and shown in time");
        }
        if (!verdict.passed()) {
            problems.add("What was counted is not what the voters were told");
        }
        problems.addAll(verdict.examples());
        return problems;
    }

    /** For a person. */
    String text() {
        var lines = new ArrayList<String>();
        lines.add("Milliseconds until the use was there again; \"alone\": while nothing else that it needs was struck");
        lines.add(HEADING.formatted("fault", "of", "count", "median", "worst", "alone", "median", "worst"));
        groupedBy(Report::kindAndTarget).forEach((name, group) -> lines.add(line(name, group)));
        lines.add("");
        groupedBy(Report::use).forEach((name, group) -> lines.add(line(name, group)));
        lines.add("");
        lines.add("Campaign    %d s, votes acknowledged in %d of them; %d faults; CHAOS_SEED=%d"
                .formatted(seconds, goodSeconds, recoveries.size(), seed));
        if (!limits.isEmpty()) {
            lines.add("Left out    " + limits);
        }
        lines.add("Voters      %d; attempts %d: %d acknowledged, %d unconfirmed, %d refused; answers %s"
                .formatted(voters, attempts, acknowledged, unconfirmed, refused, statuses));
        lines.add("Viewers     %d tallies, %d steps back".formatted(tallies, stepsBack));
        lines.add("Poison      %d entries: %d missing, %d unexpected"
                .formatted(poison, verdict.poisonMissing(), verdict.rejectedUnexpected()));
        lines.add("Ballots     %d: %d lost, %d doubled, %d phantom, %d with a wrong choice"
                .formatted(
                        verdict.ballots(),
                        verdict.lost(),
                        verdict.doubled(),
                        verdict.phantom(),
                        verdict.wrongChoice()));
        lines.add(
                "Allowed     %d of unconfirmed attempts only; superseded by an unconfirmed attempt: %d later, %d earlier"
                        .formatted(
                                verdict.unconfirmedOnly(), verdict.supersededByLater(), verdict.supersededByEarlier()));
        lines.add("Drift       tally %s, result %s, total %d; left in the streams %d"
                .formatted(
                        verdict.tallyDrift(), verdict.resultDrift(), verdict.resultTotalDrift(), verdict.undrained()));
        problems().forEach(problem -> lines.add("PROBLEM     " + problem));
        lines.add(passed() ? "PASSED" : "FAILED");
        return String.join(System.lineSeparator(), lines);
    }

    /** Writes {@code chaos-<seed>.txt} and {@code .json}. */
    void writeTo(Path directory) throws IOException {
        Files.createDirectories(directory);
        Files.writeString(directory.resolve("chaos-%d.txt".formatted(seed)), text());
        JsonMapper.builder()
                .enable(SerializationFeature.INDENT_OUTPUT)
                .build()
                .writeValue(directory.resolve("chaos-%d.json".formatted(seed)), this);
    }

    private Map<String, List<Recovery>> groupedBy(Function<Recovery, String> name) {
        return recoveries.stream().collect(Collectors.groupingBy(name, TreeMap::new, Collectors.toList()));
    }

    private static String kindAndTarget(Recovery recovery) {
        return "%-8s %-20s".formatted(recovery.fault().kind(), recovery.fault().target());
    }

    private static String use(Recovery recovery) {
        return "%-8s %-20s".formatted("all that", recovery.use().name().toLowerCase() + " needs");
    }

    private String line(String name, List<Recovery> group) {
        var alone = group.stream()
                .filter(recovery -> recoveries.stream().noneMatch(recovery::isDisturbedBy))
                .toList();
        return name + " " + numbers(group) + "   " + numbers(alone);
    }

    private static String numbers(List<Recovery> group) {
        if (group.isEmpty()) {
            return "%5d".formatted(0);
        }
        var millis = group.stream()
                .map(recovery -> recovery.millis().orElse(Long.MAX_VALUE))
                .sorted()
                .toList();
        return "%5d %8s %8s".formatted(group.size(), text(millis.get((millis.size() - 1) / 2)), text(millis.getLast()));
    }

    private static String text(long millis) {
        return millis == Long.MAX_VALUE ? "never" : Long.toString(millis);
    }
}
