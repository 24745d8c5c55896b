package voting.result;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.SmartLifecycle;

/** A thread that keeps something up to date for the pages: from before the web server starts until after it stops. */
abstract class Watcher implements SmartLifecycle {

    /** How long the first requests wait for the first news, so that none is told of an outage that there is not. */
    private static final Duration FIRST_NEWS_PATIENCE = Duration.ofSeconds(2);

    private final String name;
    private final Duration longestStop;
    private final CountDownLatch firstNews = new CountDownLatch(1);
    private final CountDownLatch stopping = new CountDownLatch(1);
    private Thread thread;

    /** @param longestStop how long a stop waits for the thread to end */
    Watcher(String name, Duration longestStop) {
        this.name = name;
        this.longestStop = longestStop;
    }

    /** Watches until {@link #isStopping}. */
    abstract void watch();

    /** To be called when there are news, good or bad. */
    final void noteNews() {
        firstNews.countDown();
    }

    final boolean hasHadNews() {
        return firstNews.getCount() == 0;
    }

    final boolean isStopping() {
        return stopping.getCount() == 0;
    }

    /** Returns earlier when it is time to stop. */
    final void pause(Duration duration) {
        try {
            stopping.await(duration.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            stopping.countDown();
        }
    }

    /** Started before the web server. */
    @Override
    public final int getPhase() {
        return WebServerApplicationContext.START_STOP_LIFECYCLE_PHASE - 1;
    }

    @Override
    public final void start() {
        thread = Thread.ofPlatform().name(name).daemon().start(this::watch);
        try {
            firstNews.await(FIRST_NEWS_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public final void stop() {
        stopping.countDown();
        try {
            thread.join(longestStop);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public final boolean isRunning() {
        return thread != null && thread.isAlive();
    }
}
