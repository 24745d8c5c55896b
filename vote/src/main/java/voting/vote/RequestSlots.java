package voting.vote;

import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Runs each request on a virtual thread of its own, which holds no platform thread while its ballot waits for the group
 * commit; but only so many at a time. The others wait, first come first served, before they cost more than their socket.
 * Who waits for too long is refused. For any thread.
 *
 * <p>With a prototype, virtual threads took three times the votes/s of a pool of platform threads. With 4,000 busy
 * connections, 128 slots take 81 % of the votes/s of 64 connections, 1,100 take 60 %, and without a bound the heap of
 * 256 MB overflows: a request that is under way holds some 105 kB.
 */
final class RequestSlots implements Executor {

    static final int SLOTS = 128;

    /** More slots for when those there are held not by work, but by clients who send their vote byte by byte. */
    private static final int RESERVE = 1_000;

    /** If fewer than all slots have come free in this time, they are stuck. */
    private static final int TURNOVER_MILLIS = 600;

    /** As long as a vote may take. A refusal costs much of what a vote costs: were there many, there would be fewer votes. */
    private static final long PATIENCE_MILLIS = BallotAppender.DEADLINE.toMillis();

    /** Of the request that a thread is about to handle, until somebody takes it. */
    private static final ThreadLocal<Long> ARRIVAL_NANOS = new ThreadLocal<>();

    private static final ThreadLocal<Boolean> REFUSED = new ThreadLocal<>();

    private final Semaphore slots = new Semaphore(SLOTS, true);
    private final AtomicInteger lent = new AtomicInteger();
    private final AtomicLong ended = new AtomicLong();

    RequestSlots() {
        Thread.ofVirtual().name("request-slots").start(this::lendWhenStuck);
    }

    /**
     * When the request of this thread arrived, by {@link System#nanoTime}: its wait for a slot is its sender's, too. Now, for
     * one that followed another on its connection so closely that it did not have to wait.
     */
    static long takeArrivalNanos() {
        var arrival = ARRIVAL_NANOS.get();
        ARRIVAL_NANOS.remove();
        return arrival == null ? System.nanoTime() : arrival;
    }

    /** Whether the request of this thread is to be answered that there are too many. */
    static boolean takeRefusal() {
        var refused = REFUSED.get() != null;
        REFUSED.remove();
        return refused;
    }

    @Override
    public void execute(Runnable request) {
        var arrivalNanos = System.nanoTime();
        Thread.startVirtualThread(() -> {
            var hasSlot = acquire();
            ARRIVAL_NANOS.set(arrivalNanos);
            if (!hasSlot) {
                refused(request);
                return;
            }
            try {
                request.run();
            } finally {
                release();
            }
        });
    }

    static void refused(Runnable request) {
        REFUSED.set(true);
        request.run();
    }

    private boolean acquire() {
        try {
            return slots.tryAcquire(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // nobody does; were it so, the request would end soon
            return false;
        }
    }

    /** What was lent is given back first. */
    private void release() {
        ended.incrementAndGet();
        if (lent.getAndUpdate(count -> Math.max(0, count - 1)) == 0) {
            slots.release();
        }
    }

    private void lendWhenStuck() {
        var before = 0L;
        while (true) {
            try {
                Thread.sleep(TURNOVER_MILLIS);
            } catch (InterruptedException e) {
                return;
            }
            var now = ended.get();
            if (now - before < SLOTS) {
                lend(Math.min(slots.getQueueLength(), RESERVE - lent.get()));
            }
            before = now;
        }
    }

    private void lend(int count) {
        if (count > 0) {
            lent.addAndGet(count);
            slots.release(count);
        }
    }
}
