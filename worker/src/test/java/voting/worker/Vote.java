package voting.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static redis.clients.jedis.Protocol.Command.XADD;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;

/** A vote as a test casts it, straight into a stream. */
record Vote(UUID ballotId, String choice) {

    /** Entries per round trip to Redis. */
    private static final int PIPELINE = 500;

    static Vote of(int voter, String choice) {
        return new Vote(voter(voter), choice);
    }

    static UUID voter(int number) {
        return new UUID(0x0123_4567_89ab_4cdeL, 0x8000_0000_0000_0000L + number);
    }

    /** Voters who change their mind back to back, in an order that is the same in every run. */
    static List<Vote> restless(int voters, int votes) {
        var random = new Random(42);
        var choices = List.of("cats", "dogs", "birds");
        var cast = new ArrayList<Vote>(votes);
        while (cast.size() < votes) {
            var voter = random.nextInt(voters);
            for (int i = random.nextInt(1, 6); i > 0 && cast.size() < votes; i--) {
                cast.add(of(voter, choices.get(random.nextInt(choices.size()))));
            }
        }
        return cast;
    }

    static void cast(int stream, Vote... votes) {
        castAll(List.of(votes), ignored -> stream);
    }

    /** Casts each voter's votes into one stream, like the vote service. */
    static void cast(List<Vote> votes) {
        castAll(votes, vote -> Math.floorMod(vote.ballotId().hashCode(), Stores.STREAMS));
    }

    private static void castAll(List<Vote> votes, ToIntFunction<Vote> streamOf) {
        try (var redis = Stores.redis()) {
            for (int from = 0; from < votes.size(); from += PIPELINE) {
                try (var pipeline = redis.pipelined()) {
                    for (var vote : votes.subList(from, Math.min(from + PIPELINE, votes.size()))) {
                        // Not "xadd": Jedis takes the numbers of an entry id for signed ones.
                        pipeline.sendCommand(XADD, vote.command(streamOf.applyAsInt(vote)));
                    }
                }
            }
        }
    }

    /** With an entry id of the test's choosing. */
    void castAs(String entryId, int stream) {
        var command = command(stream);
        command[1] = entryId;
        try (var redis = Stores.redis()) {
            redis.sendCommand(XADD, command);
        }
    }

    /** An entry of any bytes; returns its id. */
    static String castRaw(String entryId, int stream, byte[]... fields) {
        var arguments = new ArrayList<byte[]>();
        arguments.add(name(stream).getBytes(UTF_8));
        arguments.add(entryId.getBytes(UTF_8));
        arguments.addAll(List.of(fields));
        try (var redis = Stores.redis()) {
            return new String((byte[]) redis.sendCommand(XADD, arguments.toArray(byte[][]::new)), UTF_8);
        }
    }

    /** With a word about the trace that it is part of. */
    static void castTraced(int stream, Vote vote, String traceParent) {
        castRaw(
                "*",
                stream,
                Stream.of("ballot_id", vote.ballotId.toString(), "choice", vote.choice, "traceparent", traceParent)
                        .map(text -> text.getBytes(UTF_8))
                        .toArray(byte[][]::new));
    }

    static String name(int stream) {
        return "votes:{" + stream + "}";
    }

    private String[] command(int stream) {
        return new String[] {name(stream), "*", "ballot_id", ballotId.toString(), "choice", choice};
    }
}
