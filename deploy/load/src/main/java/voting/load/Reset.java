package voting.load;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * {@code make reset}: brings the system to a known state, empty or with so many ballots, always the same ones, and returns
 * when it is ready to measure. It works on Postgres and Redis directly: nothing of it can be reached over HTTP.
 *
 * <p>Votes of people are safe from it: it says how many ballots there are in a comment on their table, and so does a run
 * when it ends. Any other number than the comment's means that somebody else voted.
 */
final class Reset {

    private static final String MARK = "Benchmark: ballots by make reset and make load alone: ";
    private static final String WORKERS = "select count(*) from pg_stat_activity where application_name = 'worker'";
    private static final Duration SETTLE_TIMEOUT = Duration.ofMinutes(1);

    private final LoadSettings settings;
    private final Access access;
    private final Consumer<String> progress;

    Reset(LoadSettings settings, Access access, Consumer<String> progress) {
        this.settings = settings;
        this.access = access;
        this.progress = progress;
    }

    void run(int seedVotes, boolean force) {
        var postgres = access.postgres().orElseThrow(Reset::noAccess);
        var redis = access.redis().orElseThrow(Reset::noAccess);
        try (var database = new Database(postgres);
                var streams = new Streams(redis);
                var site = new Site(settings.vote(), settings.result(), settings.insecure())) {
            var options = site.options();
            if (!force) {
                refuseVotesOfOthers(database, streams);
            }
            progress.accept("Emptying streams and tables ...");
            streams.empty();
            database.executeAll(statements(options, seedVotes));
            mark(database);
            streams.empty(); // what was drained meanwhile was not taken: its stream was locked
            settle(database, streams);
            awaitReady(database, streams, site, seedVotes);
            progress.accept("ready to measure: %,d ballots".formatted(seedVotes));
        }
    }

    /** To be called when a run has ended that knows all ballots, or before one that finds none. */
    static void mark(Database database) {
        database.execute("comment on table ballot is '" + MARK + count(database) + "'");
    }

    /** Whether every ballot is from here, or there is none. */
    static boolean isOurs(Database database) {
        return count(database) == 0 || marked(database).equals(MARK + count(database));
    }

    private void refuseVotesOfOthers(Database database, Streams streams) {
        if (!isOurs(database) || streams.length() > 0) {
            throw new LoadException(
                    "The system holds %,d ballots and %,d waiting ones that are not, or not only, from a benchmark: if they"
                            + " may go, say FORCE=1.",
                    count(database), streams.length());
        }
    }

    /**
     * The lock on all positions waits for the batches under way, and no worker takes another one before the commit. The
     * tables that the result service reads come last, so that it waits for a moment only.
     */
    private static List<String> statements(List<String> options, int seedVotes) {
        var statements = new ArrayList<String>();
        statements.add("do $$ begin perform from stream_position for update; end $$");
        statements.add("truncate ballot");
        if (seedVotes > 0) {
            statements.add(seed(options, seedVotes));
        }
        statements.add("truncate tally, votes_per_minute, rejected_entry");
        statements.add("insert into tally select 0, choice, count(*) from ballot group by choice");
        statements.add("notify tally");
        return statements;
    }

    /** Ids as random as those of voters, but the same each time; in their order, which fills the index quickest. */
    private static String seed(List<String> options, int votes) {
        var choices = options.stream().map(option -> "'" + option + "'").collect(Collectors.joining(", "));
        return """
                insert into ballot
                select overlay(overlay(hash placing '4' from 13) placing '8' from 17)::uuid,
                       (array[%s])[1 + number %% %d]
                from (select md5('seed ' || number) as hash, number from generate_series(1, %d) as number) as seed
                order by 1""".formatted(choices, options.size(), votes);
    }

    private void settle(Database database, Streams streams) {
        progress.accept("Vacuum, analyze, checkpoint, rewrite of the append-only file ...");
        database.execute("vacuum analyze");
        database.execute("checkpoint");
        streams.rewriteFile();
        if (!Session.await(SETTLE_TIMEOUT, () -> !streams.isRewritingFile())) {
            throw new LoadException("Redis did not finish rewriting its file within %s.", SETTLE_TIMEOUT);
        }
    }

    private static void awaitReady(Database database, Streams streams, Site site, int seedVotes) {
        if (!Session.await(SETTLE_TIMEOUT, () -> database.number(WORKERS) > 0)) {
            throw new LoadException("No worker is connected to Postgres: start one.");
        }
        if (!Session.await(
                SETTLE_TIMEOUT,
                () -> streams.length() == 0
                        && count(database) == seedVotes
                        && site.results().total() == seedVotes)) {
            throw new LoadException(
                    "Within %s the system did not show the %,d ballots of the reset: does somebody vote?",
                    SETTLE_TIMEOUT, seedVotes);
        }
    }

    private static long count(Database database) {
        return database.number("select count(*) from ballot");
    }

    private static String marked(Database database) {
        var comment = database.text("select obj_description('ballot'::regclass)");
        return comment == null ? "" : comment;
    }

    private static LoadException noAccess() {
        return new LoadException(
                "reset needs Postgres and Redis themselves: start `make demo` here, or set COMPOSE, or POSTGRES_URL and"
                        + " REDIS_URL.");
    }
}
