package voting.load;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * What voters did: every attempt and its outcome, in memory.
 *
 * <p>May be written by any number of threads. Compact, 34 bytes an attempt, and never copied as it grows, so that
 * writing down millions of attempts does not disturb those who measure them.
 */
public final class VoteLog {

    /** What the voter was told. */
    public enum Outcome {
        /** Success: from now on the system owes this vote. */
        ACKNOWLEDGED,
        /** The request itself was wrong (4xx): it must never be counted. */
        REFUSED,
        /** An error, a timeout, a broken connection: it may be counted, at most once. */
        UNCONFIRMED
    }

    private static final int CHUNK = 1 << 16;

    private final List<Chunk> chunks = new ArrayList<>();
    private final List<String> choices = new ArrayList<>();
    private final long[] outcomes = new long[Outcome.values().length];
    private int size;

    /** The times are those of {@link System#nanoTime}: when the request was sent, and when its outcome was known. */
    public synchronized void record(UUID ballotId, String choice, long startedNanos, long endedNanos, Outcome outcome) {
        if (size % CHUNK == 0) {
            chunks.add(new Chunk());
        }
        var chunk = chunks.getLast();
        var at = size % CHUNK;
        chunk.high[at] = ballotId.getMostSignificantBits();
        chunk.low[at] = ballotId.getLeastSignificantBits();
        chunk.started[at] = startedNanos;
        chunk.ended[at] = endedNanos;
        chunk.choice[at] = number(choice);
        chunk.outcome[at] = (byte) outcome.ordinal();
        outcomes[outcome.ordinal()]++;
        size++;
    }

    public synchronized int size() {
        return size;
    }

    public synchronized long count(Outcome outcome) {
        return outcomes[outcome.ordinal()];
    }

    /** All attempts until now. */
    synchronized Attempts attempts() {
        return new Attempts(List.copyOf(chunks), List.copyOf(choices), size);
    }

    private byte number(String choice) {
        var number = choices.indexOf(choice);
        if (number < 0) {
            number = choices.size();
            choices.add(choice);
        }
        if (number > Byte.MAX_VALUE) {
            throw new IllegalArgumentException("More different choices than a poll can have: " + choice);
        }
        return (byte) number;
    }

    private static final class Chunk {
        private final long[] high = new long[CHUNK];
        private final long[] low = new long[CHUNK];
        private final long[] started = new long[CHUNK];
        private final long[] ended = new long[CHUNK];
        private final byte[] choice = new byte[CHUNK];
        private final byte[] outcome = new byte[CHUNK];
    }

    /** The attempts at one moment, numbered from 0. What is recorded later does not change it. */
    static final class Attempts {

        private static final Outcome[] OUTCOMES = Outcome.values();

        private final List<Chunk> chunks;
        private final List<String> choices;
        private final int size;

        private Attempts(List<Chunk> chunks, List<String> choices, int size) {
            this.chunks = chunks;
            this.choices = choices;
            this.size = size;
        }

        int size() {
            return size;
        }

        long high(int attempt) {
            return chunk(attempt).high[attempt % CHUNK];
        }

        long low(int attempt) {
            return chunk(attempt).low[attempt % CHUNK];
        }

        UUID ballotId(int attempt) {
            return new UUID(high(attempt), low(attempt));
        }

        long started(int attempt) {
            return chunk(attempt).started[attempt % CHUNK];
        }

        long ended(int attempt) {
            return chunk(attempt).ended[attempt % CHUNK];
        }

        String choice(int attempt) {
            return choices.get(chunk(attempt).choice[attempt % CHUNK]);
        }

        Outcome outcome(int attempt) {
            return OUTCOMES[chunk(attempt).outcome[attempt % CHUNK]];
        }

        private Chunk chunk(int attempt) {
            return chunks.get(attempt / CHUNK);
        }
    }
}
