package voting.local;

import java.time.Duration;
import java.time.Instant;

/** Waiting for processes, whether they are children of this one or daemons. */
final class Processes {

    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration POLL = Duration.ofMillis(25);

    private Processes() {}

    /**
     * Whether it executes. A dead process that nobody has collected yet counts as alive for the system, but it has no
     * command any more; a container without an init process collects none.
     */
    static boolean isRunning(ProcessHandle process) {
        return process.isAlive() && process.info().command().isPresent();
    }

    /** SIGTERM, so that all of several processes can be asked before one is waited for. */
    static void requestStop(ProcessHandle process) {
        process.destroy();
    }

    /** To be called after the process has been asked to stop: SIGKILL when it takes too long. */
    static void awaitStop(ProcessHandle process) {
        var deadline = Instant.now().plus(STOP_TIMEOUT);
        while (isRunning(process)) {
            if (Instant.now().isAfter(deadline)) {
                process.destroyForcibly();
            }
            pause();
        }
    }

    static void kill(ProcessHandle process) {
        process.destroyForcibly();
        while (isRunning(process)) {
            pause();
        }
    }

    static void pause() {
        try {
            Thread.sleep(POLL);
        } catch (InterruptedException ignored) {
            Thread.currentThread().interrupt();
            throw new LaunchException("Interrupted while waiting for a process.");
        }
    }
}
