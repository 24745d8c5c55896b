package voting.chaos;

import java.time.Duration;

/**
 * One thing that goes wrong.
 *
 * @param number its place in the schedule
 * @param at when it strikes, after the beginning
 * @param lasts how long its cause is there: until a killed process is started again, a paused one continues, a
 *     connection works again
 * @param variant which of several: the worker to kill, the milliseconds of a delay, the kind of poison
 * @param undisturbed whether the next fault of the same target waits until the system has recovered from this one
 */
record Fault(int number, Duration at, Kind kind, Target target, Duration lasts, int variant, boolean undisturbed) {

    enum Kind {
        /** SIGKILL; it is started again after a moment. */
        KILL,
        /** SIGTERM; it is started again after a moment. */
        RESTART,
        /** SIGSTOP, later SIGCONT: what it had in hand, it then goes on with. */
        PAUSE,
        /** Open connections end, new ones are refused. */
        CUT,
        /** Half-open: both sides keep their connection, nothing arrives any more; in the end it is closed. */
        SWALLOW,
        /** As {@link #SWALLOW}, but in the end all arrives, however late. */
        HOLD,
        /** Everything takes so much longer; half of the times the connections end after that. */
        DELAY,
        /** No memory (Redis) or no space (Postgres) for one more ballot; half of the times not even for Postgres' log. */
        FULL,
        /** Another number of workers. */
        SCALE,
        /** An entry that cannot be a ballot is put into a stream. */
        POISON;

        @Override
        public String toString() {
            return name().toLowerCase();
        }
    }

    @Override
    public String toString() {
        return "#%d %s %s for %d ms, variant %d".formatted(number, kind, target, lasts.toMillis(), variant);
    }
}
