package voting.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;
import static voting.worker.Counted.assertEachCountedOnce;

import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever somebody puts into a stream is either a ballot or kept as it came, and never stops the rest. */
@ExtendWith(Stores.class)
class RejectedEntryTest {

    private static final String ID = Vote.voter(1).toString();
    private static final byte[] NOT_UTF_8 = {(byte) 0xff, (byte) 0xfe, (byte) 0xc0, (byte) 0x80};
    private static final byte[] NUL = {0};
    private static final int MEGABYTE = 1 << 20;

    private final BallotStreams streams = new BallotStreams(Stores.settings());
    private final Drainer drainer = Stores.drainer(streams);

    @AfterEach
    void close() {
        streams.close();
    }

    static Stream<Arguments> noBallots() {
        return Stream.of(
                noBallot("unknown option", "unknown option", "ballot_id", ID, "choice", "snakes"),
                noBallot("option in another case", "unknown option", "ballot_id", ID, "choice", "Cats"),
                noBallot("option with a blank", "unknown option", "ballot_id", ID, "choice", "cats "),
                noBallot("empty option", "unknown option", "ballot_id", ID, "choice", ""),
                noBallot("option and a NUL", "unknown option", "ballot_id", ID, "choice", "cats\0"),
                noBallot("option of a megabyte", "unknown option", "ballot_id", ID, "choice", "x".repeat(MEGABYTE)),
                noBallot("option that is not UTF-8", "unknown option", "ballot_id", ID, "choice", NOT_UTF_8),
                noBallot("option that is a NUL", "unknown option", "ballot_id", ID, "choice", NUL),
                noBallot("id in upper case", "malformed ballot id", "ballot_id", ID.toUpperCase(), "choice", "cats"),
                noBallot("id in braces", "malformed ballot id", "ballot_id", "{" + ID + "}", "choice", "cats"),
                noBallot("short id", "malformed ballot id", "ballot_id", ID.substring(1), "choice", "cats"),
                noBallot("id with short groups", "malformed ballot id", "ballot_id", "1-2-3-4-5", "choice", "cats"),
                noBallot("id without hyphens", "malformed ballot id", "ballot_id", ID.replace('-', '0'), "choice", "c"),
                noBallot("id with a NUL", "malformed ballot id", "ballot_id", ID.replace('-', '\0'), "choice", "cats"),
                noBallot("id and a line end", "malformed ballot id", "ballot_id", ID + "\n", "choice", "cats"),
                noBallot("id of 10 kB", "malformed ballot id", "ballot_id", ID.repeat(280), "choice", "cats"),
                noBallot("id of a megabyte", "malformed ballot id", "ballot_id", new byte[MEGABYTE], "choice", "cats"),
                noBallot("id that is not UTF-8", "malformed ballot id", "ballot_id", bytes(36, 0xff), "choice", "cats"),
                noBallot("empty id", "malformed ballot id", "ballot_id", "", "choice", "cats"),
                noBallot("no id", "field ballot_id is missing", "choice", "cats"),
                noBallot("no option", "field choice is missing", "ballot_id", ID),
                noBallot("neither", "field ballot_id is missing", "x", "y"),
                noBallot("names of no bytes", "field ballot_id is missing", "", ""),
                noBallot("names that are not UTF-8", "field ballot_id is missing", NOT_UTF_8, NOT_UTF_8),
                noBallot("names that are a NUL", "field ballot_id is missing", NUL, NUL),
                noBallot("name of a megabyte", "field ballot_id is missing", "x".repeat(MEGABYTE), "cats"),
                noBallot("name with a NUL", "field choice is missing", "ballot_id", ID, "choice\0", "cats"),
                noBallot("id twice", "field ballot_id is there twice", "ballot_id", ID, "ballot_id", ID, "choice", "c"),
                noBallot(
                        "option twice",
                        "field choice is there twice",
                        "ballot_id",
                        ID,
                        "choice",
                        "cats",
                        "choice",
                        "x"));
    }

    @ParameterizedTest
    @MethodSource("noBallots")
    void isKeptWithItsExactBytesBesideTheBallotsOfItsBatch(String reason, List<byte[]> fields) throws SQLException {
        Vote.cast(2, Vote.of(7, "dogs"));
        var entryId = Vote.castRaw("*", 2, fields.toArray(byte[][]::new));
        Vote.cast(2, Vote.of(8, "cats"));

        assertThat(drainer.drainOnce(2)).isEqualTo(new Drainer.Outcome(true, 2, 1));

        assertThat(Counted.rejected()).singleElement().satisfies(rejected -> {
            assertThat(rejected.stream()).isEqualTo(2);
            assertThat(rejected.entryId()).isEqualTo(entryId);
            assertThat(rejected.fields())
                    .usingElementComparator(Arrays::compare)
                    .containsExactlyElementsOf(fields);
            assertThat(rejected.reason()).isEqualTo(reason);
        });
        assertEachCountedOnce(List.of(Vote.of(7, "dogs"), Vote.of(8, "cats")));
    }

    @Test
    void isKeptInTheTransactionOfItsBatch() throws SQLException {
        Vote.cast(0, Vote.of(7, "dogs"));
        Vote.castRaw("*", 0, NUL, NUL);
        drainer.drainOnce(0);

        var transactions = Counted.sql("""
                        select xmin::text from rejected_entry union
                        select xmin::text from ballot union
                        select xmin::text from tally union
                        select xmin::text from votes_per_minute union
                        select xmin::text from stream_position where stream = 0
                        """).query(String.class).list();

        assertThat(transactions).hasSize(1);
    }

    @Test
    void otherFieldsOfABallotDoNotMatter() throws SQLException {
        Vote.castRaw("*", 0, fields("ballot_id", ID, "choice", "cats", "seen_at", "now"));
        Vote.castRaw("*", 0, fields("ballot_id", ID, "choice", "dogs", NOT_UTF_8, NOT_UTF_8, "x", "1", "x", "2"));
        Vote.castRaw("*", 0, fields(NUL, NUL, "choice", "birds", "ballot_id", ID, "", "", "y", new byte[MEGABYTE]));

        assertThat(drainer.drainOnce(0)).isEqualTo(new Drainer.Outcome(true, 3, 0));

        assertThat(Counted.rejected()).isEmpty();
        assertEachCountedOnce(List.of(Vote.of(1, "cats"), Vote.of(1, "dogs"), Vote.of(1, "birds")));
    }

    @Test
    void aBatchOfNothingElseIsKeptAndLeftBehind() throws SQLException {
        for (int i = 0; i < 3; i++) {
            Vote.castRaw("*", 0, NUL, NUL);
        }

        assertThat(drainer.drainOnce(0)).isEqualTo(new Drainer.Outcome(true, 0, 3));

        assertThat(Counted.rejected()).hasSize(3);
        assertEachCountedOnce(List.of());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "99999999999999-1",
                "9223372036854775807-9223372036854775807",
                "9223372036854775808-18446744073709551615",
                "18446744073709551614-5",
                "18446744073709551614-18446744073709551615"
            })
    void anEntryIdFromBeyondTheEndOfTimeIsReadPastLikeAnyOther(String entryId) throws SQLException {
        var before = Instant.now();
        Vote.cast(0, Vote.of(1, "cats"));
        Vote.of(2, "dogs").castAs(entryId, 0);
        Vote.cast(0, Vote.of(1, "birds"));
        var garbage = Vote.castRaw("*", 0, NUL, NUL);

        assertThat(drainer.drainOnce(0)).isEqualTo(new Drainer.Outcome(true, 3, 1));
        assertThat(drainer.drainOnce(0)).isEqualTo(new Drainer.Outcome(true, 0, 0));

        assertThat(Counted.rejected())
                .extracting(Counted.RejectedEntry::entryId)
                .containsExactly(garbage);
        assertEachCountedOnce(List.of(Vote.of(1, "cats"), Vote.of(2, "dogs"), Vote.of(1, "birds")));
        assertThat(Counted.ballotsPerMinute().keySet())
                .allSatisfy(minute -> assertThat(minute).isBetween(before.minusSeconds(60), Instant.now()));
    }

    @Test
    void anEntryIdFromTheBeginningOfTimeIsABallotOfThatMinute() throws SQLException {
        Vote.of(1, "cats").castAs("0-1", 0);

        drainer.drainOnce(0);

        assertThat(Counted.ballotsPerMinute()).isEqualTo(Map.of(Instant.EPOCH, 1L));
        assertEachCountedOnce(List.of(Vote.of(1, "cats")));
    }

    private static Arguments noBallot(String name, String reason, Object... fields) {
        return argumentSet(name, reason, List.of(fields(fields)));
    }

    private static byte[][] fields(Object... fields) {
        var bytes = new ArrayList<byte[]>();
        for (var field : fields) {
            bytes.add(field instanceof String text ? text.getBytes(UTF_8) : (byte[]) field);
        }
        return bytes.toArray(byte[][]::new);
    }

    private static byte[] bytes(int length, int value) {
        var bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }
}
