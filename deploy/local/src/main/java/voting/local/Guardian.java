package voting.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Ends what a launcher leaves behind that had no time to do so itself, because it was killed with SIGKILL.
 *
 * <p>A shell reads the ids of the running processes from a pipe. When the launcher dies, by whatever cause, the pipe
 * closes, and the shell ends the processes it was told last and deletes the directory if it was temporary.
 */
final class Guardian implements AutoCloseable {

    private static final String SCRIPT = """
            trap '' INT HUP TERM
            while read -r line; do pids=$line; done
            [ -n "$pids" ] || exit 0
            kill $pids
            for second in 1 2 3 4 5; do
              kill -0 $pids && sleep 1
            done
            kill -KILL $pids
            [ -z "$1" ] || rm -rf "$1"
            """;

    private final Set<ProcessHandle> running = new TreeSet<>();
    private final Process shell;
    private final Writer pipe;

    Guardian(DataDirectory data) {
        try {
            shell = new ProcessBuilder(
                            "sh",
                            "-c",
                            SCRIPT,
                            "guardian",
                            data.isTemporary() ? data.path().toString() : "")
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot start sh", e);
        }
        pipe = shell.outputWriter();
    }

    /** Until the process has ended. */
    synchronized void watch(ProcessHandle process) {
        running.add(process);
        tell();
        process.onExit().thenAccept(this::forget);
    }

    /** To be called when all that was watched has been stopped. */
    @Override
    public void close() {
        synchronized (this) {
            running.clear();
            tell();
        }
        shell.destroyForcibly().onExit().join();
    }

    private synchronized void forget(ProcessHandle process) {
        if (running.remove(process)) {
            tell();
        }
    }

    private void tell() {
        try {
            pipe.write(running.stream()
                    .map(process -> Long.toString(process.pid()))
                    .collect(Collectors.joining(" ")));
            pipe.write('\n');
            pipe.flush();
        } catch (IOException ignored) {
            // The guardian was killed: nobody is left to tell, and the system works without it.
        }
    }
}
