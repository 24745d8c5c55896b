package voting.load;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import voting.load.Latencies.Percentiles;
import voting.load.Request.Kind;
import voting.load.VoteLog.Outcome;

/**
 * Writes down what became of the requests of one measurement. All votes go into the log that is verified; into the figures
 * go the requests that were due after the warm-up. Written by the engine's thread; {@link #latest} is for any.
 */
final class Recorder implements Engine.Listener {

    private static final int TOO_MANY_REQUESTS = 429;
    private static final int UNAVAILABLE = 503;
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private final VoteLog log;
    private final Visibility visibility;
    private final Consumer<Request> acknowledgedFirstVotes;
    private final long measuredFromNanos;
    private final long measuredUntilNanos;
    private final Map<Kind, Latencies> succeeded = byKind();
    private final Map<Kind, Latencies> refused = byKind();
    private final Latencies answer = new Latencies();
    private final Latencies lag = new Latencies();
    private final Map<Kind, long[]> failedAndDropped = new EnumMap<>(Kind.class);
    private final Map<String, Long> failures = new TreeMap<>();
    private final List<Second> seconds = new ArrayList<>();
    private final Latencies ofThisSecond = new Latencies();
    private long secondStart;
    private long acceptedInTime;
    private long firstVotesTried;
    private long firstVotesAcknowledged;
    private long offered;
    private long accepted;
    private long refusedNow;
    private long failedNow;
    private volatile Second latest = new Second(0, 0, 0, 0, 0, 0, 0, 0);

    Recorder(
            VoteLog log,
            Visibility visibility,
            Consumer<Request> acknowledgedFirstVotes,
            long startNanos,
            long measuredFromNanos,
            long measuredUntilNanos) {
        this.log = log;
        this.visibility = visibility;
        this.acknowledgedFirstVotes = acknowledgedFirstVotes;
        this.measuredFromNanos = measuredFromNanos;
        this.measuredUntilNanos = measuredUntilNanos;
        this.secondStart = startNanos;
        Arrays.stream(Kind.values()).forEach(kind -> failedAndDropped.put(kind, new long[2]));
    }

    @Override
    public void taken(Request request, long nanos) {
        advance(nanos);
        offered++;
        firstVotesTried += request.kind() == Kind.NEW_VOTE ? 1 : 0;
        if (isMeasured(request)) {
            lag.record(nanos - request.intendedNanos());
        }
    }

    @Override
    public void answered(Request request, long sentNanos, long nanos, int status) {
        advance(nanos);
        var success = request.kind().isSuccess(status);
        if (request.kind().isVote()) {
            log.record(request.ballotId(), request.choice(), sentNanos, nanos, outcome(success, status));
            acceptedInTime += success && isInTime(nanos) ? 1 : 0;
        }
        if (success && request.kind() == Kind.NEW_VOTE) {
            firstVotesAcknowledged++;
            visibility.acknowledged(request.intendedNanos(), nanos);
            acknowledgedFirstVotes.accept(request);
        }
        if (success) {
            accepted++;
            ofThisSecond.record(nanos - request.intendedNanos());
            measure(succeeded, request, sentNanos, nanos);
        } else if (status == UNAVAILABLE || status == TOO_MANY_REQUESTS) {
            refusedNow++;
            measure(refused, request, sentNanos, nanos);
        } else {
            fail(request, "answer " + status);
        }
    }

    @Override
    public void failed(Request request, long sentNanos, long nanos, String reason) {
        advance(nanos);
        if (request.kind().isVote()) {
            log.record(request.ballotId(), request.choice(), sentNanos, nanos, Outcome.UNCONFIRMED);
        }
        fail(request, reason);
    }

    @Override
    public void dropped(Request request, long nanos) {
        advance(nanos);
        if (isMeasured(request)) {
            failedAndDropped.get(request.kind())[1]++;
        }
    }

    /** The last second that is complete. */
    Second latest() {
        return latest;
    }

    long firstVotesTried() {
        return firstVotesTried;
    }

    long firstVotesAcknowledged() {
        return firstVotesAcknowledged;
    }

    /** To be called when the engine has ended. */
    Figures figures() {
        return new Figures(
                succeeded.entrySet().stream()
                        .collect(Collectors.toMap(
                                Map.Entry::getKey,
                                entry -> figuresOf(entry.getKey()),
                                (one, other) -> one,
                                () -> new EnumMap<>(Kind.class))),
                together(succeeded),
                acceptedInTime,
                together(refused),
                answer.percentiles(),
                lag.percentiles(),
                Map.copyOf(failures),
                List.copyOf(seconds));
    }

    private KindFigures figuresOf(Kind kind) {
        var lost = failedAndDropped.get(kind);
        return new KindFigures(
                succeeded.get(kind).percentiles(), refused.get(kind).percentiles(), lost[0], lost[1]);
    }

    private static Percentiles together(Map<Kind, Latencies> byKind) {
        var votes = new Latencies();
        byKind.forEach((kind, latencies) -> {
            if (kind.isVote()) {
                votes.add(latencies);
            }
        });
        return votes.percentiles();
    }

    private void fail(Request request, String reason) {
        failedNow++;
        if (isMeasured(request)) {
            failedAndDropped.get(request.kind())[0]++;
            failures.merge(reason, 1L, Long::sum);
        }
    }

    private void measure(Map<Kind, Latencies> byKind, Request request, long sentNanos, long nanos) {
        if (isMeasured(request)) {
            byKind.get(request.kind()).record(nanos - request.intendedNanos());
            if (request.kind().isVote()) {
                answer.record(nanos - sentNanos);
            }
        }
    }

    private boolean isInTime(long nanos) {
        return nanos - measuredFromNanos >= 0 && nanos - measuredUntilNanos < 0;
    }

    private boolean isMeasured(Request request) {
        return request.intendedNanos() - measuredFromNanos >= 0;
    }

    /** 429 is a refusal of the proxy, but the verifier is to be told of wrong requests only. */
    private static Outcome outcome(boolean success, int status) {
        if (success) {
            return Outcome.ACKNOWLEDGED;
        }
        return status >= 400 && status < 500 && status != TOO_MANY_REQUESTS ? Outcome.REFUSED : Outcome.UNCONFIRMED;
    }

    private void advance(long nanos) {
        while (nanos - secondStart >= SECOND) {
            var percentiles = ofThisSecond.percentiles();
            latest = new Second(
                    seconds.size(),
                    offered,
                    accepted,
                    refusedNow,
                    failedNow,
                    percentiles.p50(),
                    percentiles.p99(),
                    percentiles.max());
            seconds.add(latest);
            ofThisSecond.reset();
            offered = accepted = refusedNow = failedNow = 0;
            secondStart += SECOND;
        }
    }

    private static Map<Kind, Latencies> byKind() {
        return Arrays.stream(Kind.values())
                .collect(Collectors.toMap(
                        Function.identity(),
                        kind -> new Latencies(),
                        (one, other) -> one,
                        () -> new EnumMap<>(Kind.class)));
    }

    /**
     * One second of the run, the warm-up included. Requests were offered, and answered, within it; times in milliseconds
     * from the intended start.
     */
    record Second(
            int second, long offered, long accepted, long refused, long failed, double p50, double p99, double max) {}

    /** @param dropped never sent */
    record KindFigures(Percentiles succeeded, Percentiles refused, long failed, long dropped) {

        long requests() {
            return succeeded.count() + refused.count() + failed + dropped;
        }
    }

    /**
     * Of the measurement, without the warm-up.
     *
     * @param acceptance of all votes, from the intended start to the acknowledgement
     * @param acceptedInTime votes that were acknowledged before the end of the plan, whenever they were due
     * @param refusal of all votes that were answered 503 or 429
     * @param answer of all votes that were accepted or refused, since they were sent: without the wait for a connection,
     *     which is the generator's limit
     * @param lag from the intended start until the generator took the request up
     * @param failures how often, by reason
     */
    record Figures(
            Map<Kind, KindFigures> kinds,
            Percentiles acceptance,
            long acceptedInTime,
            Percentiles refusal,
            Percentiles answer,
            Percentiles lag,
            Map<String, Long> failures,
            List<Second> seconds) {

        long requests() {
            return kinds.values().stream().mapToLong(KindFigures::requests).sum();
        }

        long dropped() {
            return kinds.values().stream().mapToLong(KindFigures::dropped).sum();
        }

        long failed() {
            return kinds.values().stream().mapToLong(KindFigures::failed).sum();
        }
    }
}
