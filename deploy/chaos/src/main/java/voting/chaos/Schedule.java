package voting.chaos;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.BiPredicate;
import voting.chaos.Fault.Kind;

/** Draws the faults of a campaign from its seed: the same seed gives the same faults in the same order. */
final class Schedule {

    private static final Duration SHORTEST_PAUSE = Duration.ofMillis(200);

    /** Longer than every timeout in the system. */
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(15);

    /** How many of ten faults may be recovered from before the next one strikes the same target. */
    private static final int UNDISTURBED_OF_TEN = 7;

    private static final List<Target> LINKS = List.of(
            Target.VOTER_TO_VOTE,
            Target.VOTE_TO_REDIS,
            Target.WORKER_TO_REDIS,
            Target.WORKER_TO_POSTGRES,
            Target.RESULT_TO_POSTGRES);

    private final Random random;

    private Schedule(long seed) {
        random = new Random(seed);
    }

    /** @param possible which kinds of faults can strike which targets where this campaign takes place */
    static List<Fault> of(long seed, int faults, Duration duration, BiPredicate<Kind, Target> possible) {
        return new Schedule(seed).draw(faults, duration, possible);
    }

    private record Draft(Kind kind, Target target) {}

    private List<Fault> draw(int count, Duration duration, BiPredicate<Kind, Target> possible) {
        var drafts = new ArrayList<Draft>();
        while (drafts.size() < count) {
            var more = mix().stream()
                    .filter(draft -> possible.test(draft.kind, draft.target))
                    .toList();
            var shuffled = new ArrayList<>(more);
            Collections.shuffle(shuffled, random);
            drafts.addAll(shuffled);
        }
        var slot = duration.dividedBy(count);
        var faults = new ArrayList<Fault>();
        for (int i = 0; i < count; i++) {
            var draft = drafts.get(i);
            var at = slot.multipliedBy(i).plusNanos((long) (random.nextDouble() * slot.toNanos()));
            faults.add(new Fault(
                    i + 1,
                    at,
                    draft.kind,
                    draft.target,
                    lasts(draft.kind),
                    random.nextInt(1_000),
                    random.nextInt(10) < UNDISTURBED_OF_TEN));
        }
        return faults;
    }

    /** What three minutes of campaign hold. What recovers by starting a JVM is rarer than what costs nothing. */
    private static List<Draft> mix() {
        var mix = new ArrayList<Draft>();
        add(mix, 4, Kind.KILL, Target.VOTE, Target.RESULT);
        add(mix, 3, Kind.KILL, Target.BEAT);
        add(mix, 6, Kind.KILL, Target.WORKER, Target.REDIS, Target.POSTGRES);
        add(mix, 2, Kind.RESTART, Target.VOTE, Target.WORKER, Target.RESULT, Target.BEAT);
        add(mix, 5, Kind.RESTART, Target.REDIS, Target.POSTGRES);
        add(mix, 5, Kind.PAUSE, Target.VOTE, Target.WORKER, Target.RESULT, Target.REDIS, Target.POSTGRES);
        add(mix, 2, Kind.PAUSE, Target.BEAT);
        add(mix, 4, Kind.KILL, Target.NGINX);
        add(mix, 4, Kind.RESTART, Target.NGINX);
        add(mix, 4, Kind.PAUSE, Target.NGINX);
        for (var link : LINKS) {
            add(mix, 7, Kind.CUT, link);
            add(mix, 4, Kind.SWALLOW, link);
            add(mix, 4, Kind.HOLD, link);
            add(mix, 5, Kind.DELAY, link);
        }
        // Where most is at stake: between reading a batch and its commit.
        add(mix, 6, Kind.DELAY, Target.WORKER_TO_POSTGRES);
        add(mix, 5, Kind.FULL, Target.REDIS);
        add(mix, 4, Kind.FULL, Target.POSTGRES);
        add(mix, 10, Kind.SCALE, Target.WORKER);
        add(mix, 20, Kind.POISON, Target.REDIS);
        return mix;
    }

    private static void add(List<Draft> mix, int times, Kind kind, Target... targets) {
        for (var target : targets) {
            mix.addAll(Collections.nCopies(times, new Draft(kind, target)));
        }
    }

    private Duration lasts(Kind kind) {
        return switch (kind) {
            case KILL, RESTART -> between(Duration.ofMillis(50), Duration.ofSeconds(1));
            case PAUSE -> logarithmically(SHORTEST_PAUSE, LONGEST_PAUSE);
            case CUT -> between(Duration.ZERO, Duration.ofMillis(1_500));
            case SWALLOW, HOLD -> logarithmically(Duration.ofMillis(300), Duration.ofSeconds(8));
            case DELAY, FULL -> between(Duration.ofMillis(500), Duration.ofSeconds(4));
            case SCALE, POISON -> Duration.ZERO;
        };
    }

    private Duration between(Duration shortest, Duration longest) {
        return shortest.plusMillis(
                (long) (random.nextDouble() * longest.minus(shortest).toMillis()));
    }

    /** Short ones most of the time, and yet now and then a long one. */
    private Duration logarithmically(Duration shortest, Duration longest) {
        var ratio = (double) longest.toMillis() / shortest.toMillis();
        return Duration.ofMillis((long) (shortest.toMillis() * Math.pow(ratio, Math.pow(random.nextDouble(), 1.5))));
    }
}
