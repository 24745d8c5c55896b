package voting.local;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.StreamEntryID;

/** Writes to the streams as vote does: this is the wire format. */
record Streams(LocalSystem system) {

    /** The default of {@code VOTE_STREAMS}. */
    private static final int COUNT = 4;

    /** Ballots of so many different voters, half of them for each option. */
    static Map<UUID, String> ballots(int count) {
        var ballots = new LinkedHashMap<UUID, String>();
        while (ballots.size() < count) {
            ballots.put(UUID.randomUUID(), ballots.size() % 2 == 0 ? "cats" : "dogs");
        }
        return ballots;
    }

    void append(Map<UUID, String> ballots) {
        try (var jedis = new Jedis("127.0.0.1", system.redis().port());
                var pipeline = jedis.pipelined()) {
            ballots.forEach((id, choice) -> {
                var fields = new HashMap<String, String>();
                fields.put("ballot_id", id.toString());
                fields.put("choice", choice);
                pipeline.xadd(name(id), StreamEntryID.NEW_ENTRY, fields);
            });
            pipeline.sync();
        }
    }

    /** Whether everything has been counted: the worker removes from the streams what it has committed. */
    boolean areDrained() {
        try (var jedis = new Jedis("127.0.0.1", system.redis().port())) {
            return IntStream.range(0, COUNT).allMatch(stream -> jedis.xlen(name(stream)) == 0);
        }
    }

    private static String name(UUID ballotId) {
        return name(Math.floorMod(ballotId.getLeastSignificantBits(), COUNT));
    }

    private static String name(int stream) {
        return "votes:{%d}".formatted(stream);
    }
}
