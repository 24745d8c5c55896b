package voting.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static voting.worker.Counted.assertEachCountedOnce;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import redis.clients.jedis.params.RestoreParams;

/** A store that is not the one it was: emptied, replaced, or restored from an older copy. */
@ExtendWith(Stores.class)
class ReplacedStoreTest {

    /** The worker has read beyond what any clock of today gives. */
    private static final String FAR_AHEAD = "99999999999999-0";

    private final BallotStreams streams = new BallotStreams(Stores.settings());
    private final Drainer drainer = Stores.drainer(streams);

    @AfterEach
    void close() {
        streams.close();
    }

    @Test
    void ballotsInAnEmptiedRedisAreCountedThoughTheirIdsAreBehindThePosition() throws Exception {
        Vote.of(1, "cats").castAs(FAR_AHEAD, 0);
        drainer.drainOnce(0);
        emptyRedis();
        Vote.cast(0, Vote.of(2, "dogs"));

        assertThat(drainer.drainOnce(0).counted()).isEqualTo(1);

        assertEachCountedOnce(List.of(Vote.of(1, "cats"), Vote.of(2, "dogs")));
        assertThat(missing()).isZero();
    }

    @Test
    void noneIsSkippedWhenTheNewIdsHavePassedThePositionMeanwhile() throws Exception {
        Vote.of(1, "cats").castAs("5-0", 0);
        drainer.drainOnce(0);
        emptyRedis();
        Vote.of(2, "dogs").castAs("4-0", 0);
        Vote.of(3, "dogs").castAs("6-0", 0);

        assertThat(drainer.drainOnce(0).counted()).isEqualTo(2);

        assertEachCountedOnce(List.of(Vote.of(1, "cats"), Vote.of(2, "dogs"), Vote.of(3, "dogs")));
    }

    @Test
    void ballotsInAStreamThatWasDeletedAloneAreCounted() throws Exception {
        Vote.of(1, "cats").castAs(FAR_AHEAD, 0);
        drainer.drainOnce(0);
        try (var redis = Stores.redis()) {
            redis.del(Vote.name(0));
        }
        Vote.cast(0, Vote.of(2, "dogs"));

        assertThat(drainer.drainOnce(0).counted()).isEqualTo(1);

        assertEachCountedOnce(List.of(Vote.of(1, "cats"), Vote.of(2, "dogs")));
    }

    @Test
    void aRedisThatIsSetBackIsCountedFromItsBeginningAndNothingTwice() throws Exception {
        Vote.cast(0, Vote.of(1, "cats"));
        drainer.drainOnce(0);
        Vote.cast(0, Vote.of(2, "cats"));
        byte[] copy;
        try (var redis = Stores.redis()) {
            copy = redis.dump(Vote.name(0));
        }
        Vote.cast(0, Vote.of(3, "dogs"));
        drainer.drainOnce(0);
        try (var redis = Stores.redis()) {
            redis.restore(Vote.name(0), 0, copy, new RestoreParams().replace());
        }

        drainer.drainOnce(0);
        assertThat(Counted.length(0)).isZero();
        Vote.cast(0, Vote.of(4, "dogs"));
        drainer.drainOnce(0);

        assertThat(Counted.tally()).isEqualTo(Map.of("cats", 2L, "dogs", 2L)).isEqualTo(Counted.recount());
    }

    @Test
    void ballotsThatAnOlderDumpDoesNotHaveAreReportedAsMissing() throws Exception {
        Vote.cast(0, Vote.of(1, "cats"), Vote.of(2, "cats"));
        drainer.drainOnce(0);
        var dumped = Counted.sql("select entry_id, origin::text, entries_read from stream_position where stream = 0")
                .query()
                .singleRow();
        Vote.cast(0, Vote.of(3, "dogs"), Vote.of(4, "dogs"), Vote.of(5, "dogs"));
        drainer.drainOnce(0);
        Counted.sql("delete from ballot where choice = 'dogs'").update();
        Counted.sql("delete from tally where choice = 'dogs'").update();
        Counted.sql("update stream_position set entry_id = ?, origin = ?::uuid, entries_read = ? where stream = 0")
                .params(dumped.get("entry_id"), dumped.get("origin"), dumped.get("entries_read"))
                .update();
        Vote.cast(0, Vote.of(6, "birds"));

        assertThat(drainer.drainOnce(0).counted()).isEqualTo(1);
        drainer.drainOnce(0);

        assertThat(missing()).isEqualTo(3);
        assertThat(Counted.tally()).isEqualTo(Map.of("cats", 2L, "birds", 1L)).isEqualTo(Counted.recount());
    }

    @Test
    void aNewDatabaseBesideAUsedRedisReportsWhatItDoesNotHave() throws Exception {
        Vote.cast(0, Vote.of(1, "cats"), Vote.of(2, "cats"));
        drainer.drainOnce(0);
        Counted.sql("truncate ballot, tally, votes_per_minute").update();
        Counted.sql("update stream_position set entry_id = default, origin = default, entries_read = default")
                .update();
        Vote.cast(0, Vote.of(3, "dogs"));

        drainer.drainOnce(0);

        assertThat(missing()).isEqualTo(2);
        assertThat(Counted.tally()).isEqualTo(Map.of("dogs", 1L));
    }

    @Test
    void aPositionFromBeforeThereWereOriginsGoesOn() throws Exception {
        Vote.of(1, "cats").castAs("7-0", 0);
        Vote.of(2, "cats").castAs("8-0", 0);
        Counted.sql("update stream_position set entry_id = '7-0' where stream = 0")
                .update();

        assertThat(drainer.drainOnce(0).counted()).isEqualTo(1);

        assertThat(Counted.ballots()).containsOnlyKeys(Vote.voter(2));
        assertThat(missing()).isZero();
        assertThat(Counted.length(0)).isZero();
    }

    @Test
    void aRedisThatFilledUpBeforeItWasEverReadIsDrained() throws Exception {
        Vote.cast(0, Vote.of(1, "cats"));
        try (var redis = Stores.redis()) {
            redis.configSet("maxmemory", "1");
            try {
                drainer.drainOnce(0);
            } finally {
                redis.configSet("maxmemory", "0");
            }
        }

        assertEachCountedOnce(List.of(Vote.of(1, "cats")));
        assertThat(drainer.drainOnce(0).held()).isTrue();
        assertThat(missing()).isZero();
    }

    @Test
    void theLastPossibleEntryIsReadPastAndADeletedStreamBeginsAnew() throws Exception {
        Vote.of(1, "cats").castAs("18446744073709551615-18446744073709551615", 0);
        assertThat(drainer.drainOnce(0).counted()).isEqualTo(1);
        assertThat(Counted.length(0)).isZero();
        assertThat(drainer.drainOnce(0).counted()).isZero();

        try (var redis = Stores.redis()) {
            redis.del(Vote.name(0));
        }
        Vote.cast(0, Vote.of(2, "dogs"));
        drainer.drainOnce(0);

        assertEachCountedOnce(List.of(Vote.of(1, "cats"), Vote.of(2, "dogs")));
    }

    @Test
    void aTornEndOfTheAppendOnlyFileCostsNothingThatWasAcknowledged() throws Exception {
        Vote.cast(0, Vote.of(1, "cats"));
        drainer.drainOnce(0);
        Vote.cast(0, Vote.of(2, "dogs"));
        tearEndOfAppendOnlyFile();

        Vote.cast(0, Vote.of(3, "dogs"));
        streams.close();
        drainer.drainOnce(0);

        assertEachCountedOnce(List.of(Vote.of(1, "cats"), Vote.of(2, "dogs"), Vote.of(3, "dogs")));
        assertThat(missing()).isZero();
    }

    /** As a power failure leaves it in the middle of a write, which nobody was told is done. */
    private static void tearEndOfAppendOnlyFile() throws IOException {
        Stores.stopRedis();
        Files.writeString(
                Stores.appendOnlyFile(),
                "*7\r\n$4\r\nXADD\r\n$9\r\nvotes:{0}\r\n$1\r\n*\r\n$9\r\nballot",
                StandardOpenOption.APPEND);
        Stores.startRedis();
    }

    private static void emptyRedis() {
        try (var redis = Stores.redis()) {
            redis.flushAll();
        }
    }

    private static long missing() {
        return Counted.sql("select sum(entries_missing) from stream_position")
                .query(Long.class)
                .single();
    }
}
