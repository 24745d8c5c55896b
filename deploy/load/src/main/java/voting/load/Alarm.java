package voting.load;

import java.nio.channels.Selector;
import java.util.concurrent.locks.LockSupport;

/**
 * Wakes a selector to the microsecond, which its own timeout, in whole milliseconds, cannot: half a millisecond of delay
 * would be in every figure. It costs a thread that sleeps.
 */
final class Alarm implements AutoCloseable {

    private final Selector selector;
    private final Thread thread;
    private volatile long wakeNanos;
    private volatile boolean armed;
    private volatile boolean closed;

    Alarm(Selector selector) {
        this.selector = selector;
        this.thread = Thread.ofPlatform().name("alarm").daemon().start(this::run);
    }

    void set(long nanos) {
        wakeNanos = nanos;
        armed = true;
        LockSupport.unpark(thread);
    }

    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
    }

    private void run() {
        while (!closed) {
            if (!armed) {
                LockSupport.park(this);
                continue;
            }
            var wait = wakeNanos - System.nanoTime();
            if (wait > 0) {
                LockSupport.parkNanos(this, wait);
            } else {
                armed = false;
                selector.wakeup();
            }
        }
    }
}
