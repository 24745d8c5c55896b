package voting.local;

import java.nio.file.Path;

/** One running program of the system. Every start uses the same port and the same data as the one before. */
public interface Component {

    String name();

    Path log();

    ProcessHandle process();

    /** Returns when it runs; {@link Service#awaitReady} tells when a service can work. */
    void start();

    /** As a service manager would: it finishes what it is doing. Returns when it has ended, or was never started. */
    void stop();

    /** SIGKILL, as if the machine had lost it. Returns when it has ended. */
    default void kill() {
        Processes.kill(process());
    }

    default boolean isRunning() {
        return process() != null && Processes.isRunning(process());
    }

    /** For the one sentence that says why a start failed. */
    default LaunchException failure(String what, Throwable cause) {
        return new LaunchException(
                "%s %s. The end of its log:%n%s".formatted(name(), what, Log.end(name(), log())), cause);
    }
}
