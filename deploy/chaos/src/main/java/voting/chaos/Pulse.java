package voting.chaos;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;

/** Knows when the system was last seen to be of use. May be told and asked by any number of threads. */
final class Pulse {

    private final Map<Use, Long> last = new EnumMap<>(Use.class);

    /** @param nanos a moment, by {@link System#nanoTime}, such that the use was there after it */
    synchronized void seen(Use use, long nanos) {
        if (!last.containsKey(use) || nanos - last.get(use) > 0) {
            last.put(use, nanos);
            notifyAll();
        }
    }

    /** Waits until the use is there after that moment, and returns whether it is. */
    synchronized boolean awaitAfter(Use use, long nanos, Duration timeout) throws InterruptedException {
        var deadline = System.nanoTime() + timeout.toNanos();
        while (!last.containsKey(use) || last.get(use) - nanos <= 0) {
            var left = deadline - System.nanoTime();
            if (left <= 0) {
                return false;
            }
            wait(left / 1_000_000 + 1);
        }
        return true;
    }
}
