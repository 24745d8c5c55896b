package voting.load;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
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
        try (var viewers = new Viewers(
                session.resultServer(), load.result(), load.viewers(), load.silentViewers(), visibility::shown)) {
            viewers.awaitWatching();
            try (var markers =
                    session.access().postgres().map(StoredMarkers::new).orElse(null)) {
                return measure(viewers, markers);
            }
        }
    }

    long votersTried() {
        return recorder.firstVotesTried();
    }

    long votersAcknowledged() {
        return recorder.firstVotesAcknowledged();
    }

    private Measurement measure(Viewers viewers, StoredMarkers markers) throws IOException, InterruptedException {
        var start = System.nanoTime() + HEAD_START_NANOS;
        var measuredFrom = start + load.warmUp().toNanos();
        visibility.measureFrom(measuredFrom);
        viewers.measureFrom(measuredFrom);
        recorder = new Recorder(
                session.log(),
                visibility,
                vote -> {
                    if (markers != null && vote.intendedNanos() - measuredFrom >= 0) {
                        markers.acknowledged(vote);
                    }
                },
                start,
                measuredFrom);
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
                viewers.delivery().percentiles(),
                load.viewers(),
                viewers.lost(),
                unconfirmed(figures),
                List.copyOf(queue),
                session.queued().isPresent()
                        ? "entries in the streams"
                        : "acknowledged first votes that are not visible",
                drainSeconds,
                drained,
                use(figures.acceptance()));
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
        while (!thread.join(SAMPLE_INTERVAL)) {
            sample(System.nanoTime() - measuredFrom >= 0);
        }
        if (failure.get() != null) {
            throw new IllegalStateException("The generator failed", failure.get());
        }
    }

    private static void run(Engine engine, long start) {
        try {
            engine.run(start);
        } catch (IOException e) {
            throw new IllegalStateException("Cannot go on sending", e);
        }
    }

    private void sample(boolean measuring) {
        if (measuring && services.isEmpty()) {
            session.access().processes().forEach((name, process) -> services.put(name, new ProcessTree(process)));
            services.put(GENERATOR, new ProcessTree(ProcessHandle.current().pid()));
        }
        services.values().forEach(ProcessTree::sampleMemory);
        queue.add(session.queued().orElseGet(visibility::outstanding));
        var last = recorder.latest();
        progress.accept(
                "%5d s%s  offered %,7d/s  accepted %,7d/s  refused %,d  failed %,d  p50 %.1f ms  p99 %.1f ms  queued %,d"
                        .formatted(
                                last.second() + 1,
                                measuring ? "" : " (warm-up)",
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
