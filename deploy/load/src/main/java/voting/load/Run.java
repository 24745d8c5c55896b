package voting.load;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.Stream;
import voting.load.Latencies.Percentiles;
import voting.load.Measurement.Use;
import voting.load.Recorder.Figures;
import voting.load.Request.Kind;

/** One load from its warm-up until all of it is counted, and what was seen meanwhile. To be used once. */
final class Run {

    /** From the end of the preparations until the first request is due: threads have to start. */
    private static final long HEAD_START_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private static final Duration SAMPLE_INTERVAL = Duration.ofSeconds(1);
    private static final String GENERATOR = "generator";

    private final Session session;
    private final LoadSettings load;
    private final Consumer<String> progress;
    private final Visibility visibility;
    private final List<Long> queue = new ArrayList<>();
    private final Map<String, ProcessTree> services = new TreeMap<>();
    private Recorder recorder;

    Run(Session session, LoadSettings load, Consumer<String> progress) {
        this.session = session;
        this.load = load;
        this.progress = progress;
        this.visibility = new Visibility(session.site().results().total());
    }

    Measurement measure() throws IOException, InterruptedException {
        var viewers = new ArrayList<Viewers>();
        try {
            for (int instance = 0; instance < load.results().size(); instance++) {
                viewers.add(viewersOf(instance));
            }
            for (var group : viewers) {
                group.awaitWatching();
            }
            try (var markers =
                    session.access().postgres().map(StoredMarkers::new).orElse(null)) {
                return measure(viewers, markers);
            }
        } finally {
            viewers.forEach(Viewers::close);
        }
    }

    /** An equal share of them; those of the first instance tell what can be seen. */
    private Viewers viewersOf(int instance) throws IOException {
        var result = load.results().get(instance);
        return new Viewers(
                new Wires(result, load.insecure()),
                result,
                shareOf(load.viewers(), instance),
                shareOf(load.silentViewers(), instance),
                instance == 0 ? visibility::shown : (total, nanos) -> {});
    }

    /** What does not divide evenly goes to the first ones. */
    private int shareOf(int all, int instance) {
        var instances = load.results().size();
        return all / instances + (instance < all % instances ? 1 : 0);
    }

    long votersTried() {
        return recorder.firstVotesTried();
    }

    long votersAcknowledged() {
        return recorder.firstVotesAcknowledged();
    }

    private Measurement measure(List<Viewers> viewers, StoredMarkers markers) throws IOException, InterruptedException {
        var start = System.nanoTime() + HEAD_START_NANOS;
        var measuredFrom = start + load.warmUp().toNanos();
        visibility.measureFrom(measuredFrom);
        viewers.forEach(group -> group.measureFrom(measuredFrom));
        recorder = new Recorder(
                session.log(),
                visibility,
                vote -> {
                    if (markers != null && vote.intendedNanos() - measuredFrom >= 0) {
                        markers.acknowledged(vote);
                    }
                },
                start,
                measuredFrom,
                measuredFrom + load.curve().duration().toNanos());
        send(start, measuredFrom);
        var ended = System.nanoTime();
        var drained = session.awaitDrained(visibility);
        var drainSeconds = (System.nanoTime() - ended) / 1e9;
        var figures = recorder.figures();
        return new Measurement(
                load.curve().requests() / seconds(load.curve().duration()),
                seconds(load.curve().duration()),
                figures,
                markers == null
                        ? new Latencies().percentiles()
                        : markers.latencies().percentiles(),
                visibility.sinceAcknowledged().percentiles(),
                visibility.sinceIntended().percentiles(),
                delivery(viewers).percentiles(),
                load.viewers(),
                viewers.stream().mapToInt(Viewers::lost).sum(),
                unconfirmed(figures),
                List.copyOf(queue),
                session.queued().isPresent()
                        ? "entries in the streams"
                        : "acknowledged first votes that are not visible",
                drainSeconds,
                drained,
                use(figures.acceptance()),
                brokenInstruments(viewers, markers));
    }

    private static Latencies delivery(List<Viewers> viewers) {
        var all = new Latencies();
        viewers.forEach(group -> all.add(group.delivery()));
        return all;
    }

    private static List<String> brokenInstruments(List<Viewers> viewers, StoredMarkers markers) {
        return Stream.concat(
                        viewers.stream().flatMap(group -> broken("viewers", group.failure())),
                        Stream.ofNullable(markers).flatMap(some -> broken("markers", some.failure())))
                .toList();
    }

    private static Stream<String> broken(String instrument, Optional<Throwable> failure) {
        return failure.stream().map(e -> "the %s broke off: %s".formatted(instrument, e.getMessage()));
    }

    /** Returns when the engine has ended. */
    private void send(long start, long measuredFrom) throws IOException, InterruptedException {
        var engine = new Engine(
                load.arrivals(),
                session.workload()::next,
                recorder,
                kind -> kind == Kind.RESULT ? session.resultServer() : session.voteServer(),
                load.connections(),
                load.patience());
        var failure = new AtomicReference<Throwable>();
        var thread = Thread.ofPlatform().name("engine").unstarted(() -> run(engine, start));
        thread.setUncaughtExceptionHandler((ignored, e) -> failure.set(e));
        thread.start();
        while (!thread.join(untilNextLook(measuredFrom))) {
            if (services.isEmpty() && System.nanoTime() - measuredFrom >= 0) {
                countCostsFromNowOn();
            } else {
                sample();
            }
        }
        if (failure.get() != null) {
            throw new IllegalStateException("The generator failed", failure.get());
        }
    }

    /** One of them is when the measurement begins: what the warm-up cost does not count, and what comes after it does. */
    private static Duration untilNextLook(long measuredFrom) {
        var warmUpLeft = measuredFrom - System.nanoTime();
        return warmUpLeft > 0 && warmUpLeft < SAMPLE_INTERVAL.toNanos()
                ? Duration.ofNanos(warmUpLeft)
                : SAMPLE_INTERVAL;
    }

    private static void run(Engine engine, long start) {
        try {
            engine.run(start);
        } catch (IOException e) {
            throw new IllegalStateException("Cannot go on sending", e);
        }
    }

    private void countCostsFromNowOn() {
        session.access().processes().forEach((name, process) -> services.put(name, new ProcessTree(process)));
        services.put(GENERATOR, new ProcessTree(ProcessHandle.current().pid()));
    }

    private void sample() {
        services.values().forEach(ProcessTree::sampleMemory);
        queue.add(session.queued().orElseGet(visibility::outstanding));
        var last = recorder.latest();
        progress.accept(
                "%5d s%s  offered %,7d/s  accepted %,7d/s  refused %,d  failed %,d  p50 %.1f ms  p99 %.1f ms  queued %,d"
                        .formatted(
                                last.second() + 1,
                                services.isEmpty() ? " (warm-up)" : "",
                                last.offered(),
                                last.accepted(),
                                last.refused(),
                                last.failed(),
                                last.p50(),
                                last.p99(),
                                queue.getLast()));
    }

    private static long unconfirmed(Figures figures) {
        return figures.kinds().entrySet().stream()
                .filter(entry -> entry.getKey().isVote())
                .mapToLong(entry ->
                        entry.getValue().refused().count() + entry.getValue().failed())
                .sum();
    }

    private Map<String, Use> use(Percentiles acceptance) {
        var millions = acceptance.count() / 1e6;
        var use = new TreeMap<String, Use>();
        services.forEach((name, process) -> {
            var seconds = process.cpuSeconds();
            use.put(
                    name,
                    new Use(
                            seconds,
                            millions == 0 ? 0 : seconds / millions,
                            process.peakMemory(),
                            Environment.flags(process.commandLine())));
        });
        return use;
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }
}
