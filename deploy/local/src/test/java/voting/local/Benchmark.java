package voting.local;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.StreamEntryID;

/**
 * {@code make bench}: three figures of an otherwise idle machine. Fsync is on in both stores, and the load generator
 * shares the cores with the system.
 */
final class Benchmark {

    private static final int CONNECTIONS = 64;
    private static final Duration WARM_UP = Duration.ofSeconds(10);
    private static final Duration MEASUREMENT = Duration.ofSeconds(10);
    private static final int REPETITIONS = 3;
    private static final int QUEUED_BALLOTS = 1_000_000;
    private static final int UPSERT_ROWS = 2_000;
    private static final int CLICKS = 300;
    private static final int READS = 1_000;

    private Benchmark() {}

    /** @param args which parts to run: acceptance, visibility, drain, growth, replication; the first three by default */
    public static void main(String[] args) throws Exception {
        var parts = args.length == 0 ? Set.of("acceptance", "visibility", "drain") : Set.of(args);
        var directory = Files.createTempDirectory("voting-bench");
        try {
            for (var streams : parts.contains("drain") ? new int[] {4, 1} : new int[] {4}) {
                var settings = LocalSettings.onFreePorts(
                        directory.resolve("streams-" + streams), Map.of("VOTE_STREAMS", String.valueOf(streams)));
                try (var system = LocalSystem.started(settings)) {
                    if (streams == 4 && parts.contains("acceptance")) {
                        acceptance(system);
                    }
                    if (streams == 4 && parts.contains("visibility")) {
                        visibility(system);
                    }
                    if (parts.contains("drain")) {
                        bareUpsert(system);
                        drain(system, streams);
                    }
                    if (streams == 4 && parts.contains("growth")) {
                        growth(system);
                    }
                    if (streams == 4 && parts.contains("replication")) {
                        replication(system, directory);
                    }
                }
            }
        } finally {
            deleteAll(directory);
        }
    }

    /** Votes/s through the form, with the worker suspended and with it draining, beside an almost empty GET. */
    private static void acceptance(LocalSystem system) throws Exception {
        var vote = request(system.vote().uri(), "POST / HTTP/1.1", "vote=cats");
        var get = request(system.vote().uri(), "GET /api/poll HTTP/1.1", "");
        ClosedLoop.run(system.vote().uri(), CONNECTIONS, WARM_UP, vote);
        ClosedLoop.run(system.vote().uri(), CONNECTIONS, WARM_UP.dividedBy(2), get);
        var gets = new double[REPETITIONS];
        var votesAlone = new double[REPETITIONS];
        var votesWhileDraining = new double[REPETITIONS];
        for (int i = 0; i < REPETITIONS; i++) {
            awaitDrained(system);
            gets[i] = ClosedLoop.run(system.vote().uri(), CONNECTIONS, MEASUREMENT, get);
            votesWhileDraining[i] = ClosedLoop.run(system.vote().uri(), CONNECTIONS, MEASUREMENT, vote);
            awaitDrained(system);
            suspend(system.worker(), true);
            votesAlone[i] = ClosedLoop.run(system.vote().uri(), CONNECTIONS, MEASUREMENT, vote);
            suspend(system.worker(), false);
        }
        awaitDrained(system);
        report("GET /api/poll/s", gets);
        report("votes accepted/s through POST /, worker suspended", votesAlone);
        report("votes accepted/s through POST /, worker draining", votesWhileDraining);
    }

    /** Votes/s with a replica of Redis on the same machine, acknowledged without its confirmation and with it. */
    private static void replication(LocalSystem system, Path directory) throws Exception {
        var vote = request(system.vote().uri(), "POST / HTTP/1.1", "vote=cats");
        suspend(system.worker(), true);
        try (var data = DataDirectory.temporary(directory);
                var guardian = new Guardian(data)) {
            var replica = new LocalRedis(data, guardian);
            replica.start();
            try (var redis = new Jedis("localhost", replica.port())) {
                redis.replicaof("127.0.0.1", system.redis().port());
            }
            for (var replicas : List.of("0", "1")) {
                system.vote().stop();
                system.vote().start(Map.of("REDIS_WAIT_REPLICAS", replicas));
                system.vote().awaitReady();
                ClosedLoop.run(system.vote().uri(), CONNECTIONS, WARM_UP, vote);
                var votes = new double[REPETITIONS];
                for (int i = 0; i < REPETITIONS; i++) {
                    votes[i] = ClosedLoop.run(system.vote().uri(), CONNECTIONS, MEASUREMENT, vote);
                }
                report(
                        "votes accepted/s through POST /, REDIS_WAIT_REPLICAS=" + replicas + ", worker suspended",
                        votes);
            }
            replica.stop();
        }
        suspend(system.worker(), false);
    }

    private static void report(String what, double[] figures) {
        System.out.printf("%,10.0f %s (%d connections; %s)%n", median(figures), what, CONNECTIONS, rounded(figures));
    }

    /** From the click to the event that a viewer gets, one vote at a time. */
    private static void visibility(LocalSystem system) throws Exception {
        var millis = new double[CLICKS];
        try (var events = new Socket("localhost", system.result().uri().getPort());
                var voter = new Socket("localhost", system.vote().uri().getPort())) {
            events.setTcpNoDelay(true);
            voter.setTcpNoDelay(true);
            events.getOutputStream().write("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(US_ASCII));
            var lines = new BufferedReader(new InputStreamReader(events.getInputStream(), US_ASCII));
            var vote = request(system.vote().uri(), "POST / HTTP/1.1", "vote=dogs");
            var before = nextTotal(lines);
            for (int i = -20; i < CLICKS; i++) {
                var start = System.nanoTime();
                voter.getOutputStream().write(vote);
                var total = nextTotal(lines);
                if (i >= 0) {
                    millis[i] = (System.nanoTime() - start) / 1e6;
                }
                if (total != before + 1) {
                    throw new IllegalStateException("The total went from " + before + " to " + total);
                }
                before = total;
                voter.getInputStream().read(new byte[8192]);
                // Past the shortest interval between two pushes: this is about an idle system.
                Thread.sleep(100);
            }
        }
        Arrays.sort(millis);
        System.out.printf(
                "%10.1f ms from click to event, median; p99 %.1f ms, max %.1f ms (%d clicks)%n",
                millis[CLICKS / 2], millis[CLICKS * 99 / 100], millis[CLICKS - 1], CLICKS);
    }

    private static long nextTotal(BufferedReader lines) throws IOException {
        for (var line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.startsWith("data: {\"question\"")) {
                var start = line.indexOf("\"total\":") + "\"total\":".length();
                return Long.parseLong(line, start, line.indexOf(',', start), 10);
            }
        }
        throw new IllegalStateException("The events ended");
    }

    /** Ballots/s into Postgres from full streams: new voters, then the same voters changing their vote. */
    private static void drain(LocalSystem system, int streams) throws Exception {
        drain(system, streams, "warm-up", "cats");
        System.out.printf(
                "%,10.0f ballots drained/s, new voters, %d stream(s)%n",
                drain(system, streams, "voter", "cats"), streams);
        System.out.printf(
                "%,10.0f ballots drained/s, changed votes, %d stream(s)%n",
                drain(system, streams, "voter", "dogs"), streams);
    }

    private static double drain(LocalSystem system, int streams, String voters, String choice) throws Exception {
        suspend(system.worker(), true);
        enqueue(system, streams, voters, choice);
        var before = processed(system);
        suspend(system.worker(), false);
        var start = System.nanoTime();
        while (processed(system) < before + QUEUED_BALLOTS) {
            Thread.sleep(20);
        }
        return QUEUED_BALLOTS / ((System.nanoTime() - start) / 1e9);
    }

    private static void enqueue(LocalSystem system, int streams, String voters, String choice) {
        try (var redis = new Jedis("localhost", system.redis().port())) {
            for (int i = 0; i < QUEUED_BALLOTS; ) {
                var pipeline = redis.pipelined();
                for (int end = i + 1_000; i < end; i++) {
                    // The same for every run; as evenly spread as random ids.
                    var id = UUID.nameUUIDFromBytes((voters + " " + i).getBytes(US_ASCII));
                    var stream = Math.floorMod(id.getLeastSignificantBits(), streams);
                    pipeline.xadd(
                            "votes:{" + stream + "}",
                            StreamEntryID.NEW_ENTRY,
                            Map.of("ballot_id", id.toString(), "choice", choice));
                }
                pipeline.sync();
            }
        }
    }

    /**
     * What Postgres alone takes: one connection that stores rows which it makes itself, in transactions as large as the
     * worker's, as {@code pgbench} with a file of one statement would. The second million, as it is of the worker.
     */
    private static void bareUpsert(LocalSystem system) throws Exception {
        suspend(system.worker(), true);
        try (var connection = DriverManager.getConnection(system.postgres().jdbcUrl());
                var statement = connection.createStatement()) {
            statement.execute("create table bare_ballot (id uuid not null primary key, choice text not null)");
            bareUpsert(statement);
            System.out.printf("%,10.0f rows/s by a bare upsert on one connection%n", bareUpsert(statement));
            statement.execute("drop table bare_ballot");
        }
        suspend(system.worker(), false);
    }

    private static double bareUpsert(Statement statement) throws SQLException {
        var start = System.nanoTime();
        for (int i = 0; i < QUEUED_BALLOTS; i += UPSERT_ROWS) {
            statement.execute("""
                    insert into bare_ballot select gen_random_uuid(), 'cats' from generate_series(1, %d)
                    on conflict (id) do update set choice = excluded.choice
                    """.formatted(UPSERT_ROWS));
        }
        return QUEUED_BALLOTS / ((System.nanoTime() - start) / 1e9);
    }

    /** What it costs to drain, and to read the result, with more and more ballots stored. */
    private static void growth(LocalSystem system) throws Exception {
        drain(system, 4, "warm-up", "cats");
        for (var stored : new int[] {0, 1_000_000, 10_000_000}) {
            try (var connection = DriverManager.getConnection(system.postgres().jdbcUrl());
                    var statement = connection.createStatement()) {
                statement.execute("truncate ballot, tally, votes_per_minute");
                statement.execute("insert into ballot select gen_random_uuid(), 'cats' from generate_series(1, %d)"
                        .formatted(stored));
                statement.execute("insert into tally values (0, 'cats', %d)".formatted(stored));
                statement.execute("vacuum analyze");
                statement.execute("checkpoint");
                System.out.printf(
                        "%,10.2f ms to read the result, %,d ballots stored (median of %d)%n",
                        readMillis(statement), stored, READS);
            }
            System.out.printf(
                    "%,10.0f ballots drained/s, new voters, 4 streams, %,d stored before%n",
                    drain(system, 4, stored + " and", "dogs"), stored);
        }
    }

    /** Of the statement by which the result service reads the tally. */
    private static double readMillis(Statement statement) throws SQLException {
        var millis = new double[READS];
        for (int i = 0; i < READS; i++) {
            var start = System.nanoTime();
            statement
                    .executeQuery("select choice, sum(votes) from tally group by choice")
                    .close();
            millis[i] = (System.nanoTime() - start) / 1e6;
        }
        return median(millis);
    }

    private static void awaitDrained(LocalSystem system) throws InterruptedException {
        try (var redis = new Jedis("localhost", system.redis().port())) {
            while (redis.keys("votes:{?}").stream().mapToLong(redis::xlen).sum() > 0) {
                Thread.sleep(100);
            }
        }
    }

    private static long processed(LocalSystem system) throws SQLException {
        try (var connection = DriverManager.getConnection(system.postgres().jdbcUrl());
                var row = connection
                        .createStatement()
                        .executeQuery("select coalesce(sum(votes), 0) from votes_per_minute")) {
            row.next();
            return row.getLong(1);
        }
    }

    private static void suspend(Service service, boolean suspended) throws Exception {
        new ProcessBuilder(
                        "kill",
                        suspended ? "-STOP" : "-CONT",
                        String.valueOf(service.process().pid()))
                .start()
                .waitFor();
    }

    private static byte[] request(URI server, String requestLine, String form) {
        return (requestLine + "\r\nHost: " + server.getAuthority()
                        + "\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: " + form.length()
                        + "\r\n\r\n" + form)
                .getBytes(US_ASCII);
    }

    private static double median(double[] values) {
        var sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private static String rounded(double[] values) {
        return Arrays.toString(Arrays.stream(values).mapToLong(Math::round).toArray());
    }

    private static void deleteAll(Path directory) throws IOException {
        try (var files = Files.walk(directory)) {
            for (var file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
