package voting.scaling;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Calculates how much of everything a deployment needs: {@code make scaling RATE=100000 VOTERS=10000000 VIEWERS=50000}.
 * Without RATE it prints the figures that it calculates with; each can be set to what another machine measures.
 *
 * <p>A single file without dependencies, in the Java of 17, so that any {@code java} runs it as it is.
 */
public final class Scaling {

    /** What was measured, or is a choice of the plan; see {@link #figures} for what each means. */
    private static final List<Figure> FIGURES = List.of(
            new Figure("VOTE_MICROS", 43, "us of a core per vote in vote"),
            new Figure("REDIS_MICROS", 9, "us of a core per vote in Redis, which uses one core per master"),
            new Figure("WORKER_MICROS", 6, "us of a core per vote in worker"),
            new Figure("POSTGRES_MICROS", 20, "us of a core per vote in Postgres"),
            new Figure("VIEWER_MICROS", 10, "us of a core per viewer and update in result"),
            new Figure("STREAM_RATE", 149_000, "votes/s that one stream can be drained of, by one connection"),
            new Figure("BATCH", 2_000, "ballots of a transaction at most"),
            new Figure(
                    "COMMIT_MICROS",
                    2_000,
                    "us that a commit takes, with a synchronous standby; one at a time: each notifies"),
            new Figure("BALLOT_BYTES", 100, "bytes of a ballot in Postgres, with its index"),
            new Figure("WAL_BYTES", 300, "bytes of write-ahead log per vote"),
            new Figure("WAITING_BYTES", 60, "bytes of a ballot that waits in Redis"),
            new Figure("VIEWERS_PER_INSTANCE", 10_000, "viewers of a result with 512 MB"),
            new Figure(
                    "UPDATES",
                    4,
                    "updates a second that such a result sends to each of them; with fewer viewers it sends more"),
            new Figure(
                    "UTILISATION",
                    60,
                    "per cent of a core that the plan uses: the rest is for peaks and for a node that is lost"),
            new Figure("CORES", 16, "cores of a machine for Postgres"),
            new Figure("OUTAGE", 60, "seconds that Postgres may be away while Redis keeps what comes"));

    /** As many as the services allow. */
    private static final int MOST_STREAMS = 256;

    private static final int FEWEST_STREAMS = 4;

    /** Their slots can be moved until every master has as many as any other. */
    private static final int STREAMS_PER_MASTER = 3;

    /** Larger ones take long to vacuum or to move. */
    private static final long BALLOTS_PER_PARTITION = 25_000_000;

    private record Figure(String name, long value, String meaning) {}

    /** A line of the plan. */
    private record Line(String what, String needed, String why) {}

    /** What docker-compose.prod.yml can take of votes, stage by stage. */
    private record Limit(String stage, double votesPerSecond) {}

    private final Map<String, String> settings;
    private final double usable;

    Scaling(Map<String, String> settings) {
        this.settings = settings;
        this.usable = figure("UTILISATION") / 100.0;
    }

    public static void main(String[] args) {
        try {
            var scaling = new Scaling(System.getenv());
            System.out.print(System.getenv().containsKey("RATE") ? scaling.plan() : scaling.figures());
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.exit(2);
        }
    }

    /** The figures, as a table. */
    String figures() {
        var text = new StringBuilder("| Figure | Value | Meaning |\n| --- | ---: | --- |\n");
        for (var figure : FIGURES) {
            text.append("| `%s` | %s | %s |\n".formatted(figure.name, number(figure(figure.name)), figure.meaning));
        }
        return text.toString();
    }

    /** What RATE votes a second of VOTERS, for VIEWERS, with OPTIONS need. */
    String plan() {
        var rate = setting("RATE", 1_000);
        var voters = setting("VOTERS", 1_000_000);
        var viewers = setting("VIEWERS", 1_000);
        var options = setting("OPTIONS", 2);

        var votes = atLeast(2, cores(rate * micros("VOTE_MICROS")));
        var masters = masters(rate);
        var workers = atLeast(2, cores(rate * micros("WORKER_MICROS")));
        var streams = streams(rate, masters, workers);
        var primaries = primaries(rate);
        var results = atLeast(
                2,
                Math.max(
                        cores(viewers * figure("UPDATES") * micros("VIEWER_MICROS")),
                        divided(viewers, figure("VIEWERS_PER_INSTANCE"))));
        var waiting = rate * figure("OUTAGE") * figure("WAITING_BYTES") / masters;
        var event = 180 + 58 * options; // as it is sent, with the headers of its packet

        var lines = new ArrayList<Line>();
        lines.add(line("vote", votes, "pod of one core", "VOTE_MICROS"));
        lines.add(line("Redis", masters, "master with a core and a disk", "REDIS_MICROS"));
        lines.add(new Line(
                "`VOTE_STREAMS`",
                number(streams) + (streams > MOST_STREAMS ? ", which is more than can be set" : ""),
                "a few for each master and worker, each below `STREAM_RATE`"));
        lines.add(new Line(
                "memory of a Redis master",
                bytes(2 * waiting), // as much again while the append-only file is rewritten
                "twice what waits after `OUTAGE` without Postgres"));
        lines.add(line("worker", workers, "pod of one core", "WORKER_MICROS"));
        lines.add(new Line(
                "Postgres",
                times(primaries, "primary of " + number(figure("CORES")) + " cores"),
                "`POSTGRES_MICROS`, and `BATCH` per `COMMIT_MICROS`"));
        lines.add(new Line(
                "ballots in a primary",
                bytes(voters * figure("BALLOT_BYTES") / primaries) + " in "
                        + times(powerOfTwo(divided(divided(voters, primaries), BALLOTS_PER_PARTITION)), "partition"),
                "to be in memory: each vote looks for its voter"));
        lines.add(new Line(
                "log of a primary",
                bytes(rate * figure("WAL_BYTES") / primaries) + "/s",
                "`WAL_BYTES`; to its standbys, too"));
        lines.add(new Line(
                "rows of the tally", number(streams * options), "`VOTE_STREAMS` x options, however many votes"));
        lines.add(line("result", results, "pod of one core", "VIEWER_MICROS"));
        lines.add(new Line(
                "network to the viewers",
                number(divided(viewers * figure("UPDATES") * event * 8, 1_000_000)) + " Mbit/s",
                event + " bytes per update"));
        return table(lines) + "\n" + breaksFirst(rate);
    }

    /** What the production stack as it comes can take: two vote, two worker, one Redis, Postgres with two cores. */
    private String breaksFirst(long rate) {
        var limits = new ArrayList<>(List.of(
                new Limit("vote", 2 / micros("VOTE_MICROS")),
                new Limit("Redis", 1 / micros("REDIS_MICROS")),
                new Limit("worker", 2 / micros("WORKER_MICROS")),
                new Limit("Postgres", 2 / micros("POSTGRES_MICROS"))));
        limits.sort((one, other) -> Double.compare(one.votesPerSecond, other.votesPerSecond));
        var text = new StringBuilder();
        for (var limit : limits) {
            if (limit.votesPerSecond < rate) {
                text.append(text.isEmpty() ? "Of the stack as it comes, this breaks first: " : ", then ");
                text.append("%s (at %s votes/s)".formatted(limit.stage, number(Math.round(limit.votesPerSecond))));
            }
        }
        if (text.isEmpty()) {
            var first = limits.get(0);
            return "The stack as it comes does; what would break first is %s, at %s votes/s.\n"
                    .formatted(first.stage, number(Math.round(first.votesPerSecond)));
        }
        return text.append(".\n").toString();
    }

    /** A cluster has three at least: a majority of them decides that one is lost. */
    private long masters(long rate) {
        var busy = cores(rate * micros("REDIS_MICROS"));
        return busy <= 1 ? 1 : Math.max(3, busy);
    }

    private long streams(long rate, long masters, long workers) {
        var busy = divided(rate, Math.round(figure("STREAM_RATE") * usable));
        return powerOfTwo(Math.max(Math.max(FEWEST_STREAMS, STREAMS_PER_MASTER * masters), Math.max(workers, busy)));
    }

    /** Commits that notify happen one after the other: what a database stores is bound by batches as well as by cores. */
    private long primaries(long rate) {
        var byCores = divided(cores(rate * micros("POSTGRES_MICROS")), figure("CORES"));
        var byCommits = (long) Math.ceil(rate / (figure("BATCH") / micros("COMMIT_MICROS") * usable));
        return Math.max(1, Math.max(byCores, byCommits));
    }

    private long cores(double busy) {
        return (long) Math.ceil(busy / usable);
    }

    private double micros(String figure) {
        return figure(figure) / 1e6;
    }

    private long figure(String name) {
        return FIGURES.stream()
                .filter(figure -> figure.name.equals(name))
                .findFirst()
                .map(figure -> setting(name, figure.value))
                .orElseThrow();
    }

    private long setting(String name, long otherwise) {
        var text = settings.getOrDefault(name, "");
        if (text.isEmpty()) {
            return otherwise;
        }
        if (!text.matches("[1-9][0-9]{0,11}")) {
            throw new IllegalArgumentException(name + " must be a whole number above 0, not " + text);
        }
        return Long.parseLong(text);
    }

    private static long atLeast(long fewest, long needed) {
        return Math.max(fewest, needed);
    }

    private static long divided(long amount, long by) {
        return (amount + by - 1) / by;
    }

    private static long powerOfTwo(long atLeast) {
        return atLeast <= 1 ? 1 : Long.highestOneBit(atLeast - 1) * 2;
    }

    private static Line line(String what, long needed, String unit, String figure) {
        return new Line(what, times(needed, unit), "`" + figure + "`");
    }

    private static String times(long count, String what) {
        return number(count) + " x " + what;
    }

    private static String table(List<Line> lines) {
        var text = new StringBuilder("| What | Needed | Because of |\n| --- | --- | --- |\n");
        for (var line : lines) {
            text.append("| %s | %s | %s |\n".formatted(line.what, line.needed, line.why));
        }
        return text.toString();
    }

    private static String number(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }

    private static String bytes(long value) {
        if (value < 1_000_000_000) {
            return number(divided(value, 1_000_000)) + " MB";
        }
        return String.format(Locale.ROOT, "%,.1f GB", value / 1e9);
    }
}
