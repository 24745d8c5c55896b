package voting.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import voting.local.Component;
import voting.local.LaunchException;

/** A process that is started again whenever it has ended, as {@code restart: unless-stopped} does in Compose. */
final class KeptAlive implements AutoCloseable {

    /** As the engine does at the first failure. */
    private static final int RESTART_DELAY_MILLIS = 100;

    private final Component component;
    private volatile boolean wanted;
    private volatile boolean held;
    private volatile boolean closed;
    private final Thread keeper;

    /** @param wanted whether it runs */
    KeptAlive(Component component, boolean wanted) {
        this.component = component;
        this.wanted = wanted;
        this.keeper = Thread.ofVirtual().start(this::keep);
    }

    boolean isWanted() {
        return wanted;
    }

    void kill() {
        held = true;
        synchronized (this) {
            if (component.process() != null) {
                component.kill();
            }
        }
    }

    void stop() {
        held = true;
        synchronized (this) {
            component.stop();
        }
    }

    /** Until {@link #release} it stays as it is, even when it ends. */
    void hold() {
        held = true;
    }

    void release() {
        held = false;
    }

    void pause() {
        signal("STOP");
    }

    void resume() {
        signal("CONT");
    }

    /** Starts it or stops it for good. */
    void want(boolean newWanted) {
        wanted = newWanted;
        if (!newWanted) {
            synchronized (this) {
                component.stop();
            }
        }
    }

    /** It stays as it is from now on. */
    @Override
    public void close() {
        closed = true;
        try {
            keeper.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void keep() {
        while (!closed) {
            try {
                Thread.sleep(RESTART_DELAY_MILLIS);
                startAgain();
            } catch (LaunchException e) {
                System.out.println(e.getMessage());
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private synchronized void startAgain() {
        if (!wanted || held || closed || component.isRunning()) {
            return;
        }
        if (component.process() != null) {
            component.kill(); // lets go of what a process that ended by itself still holds
        }
        component.start();
    }

    /** To the process and all of its own: a session of Postgres is a process. */
    private synchronized void signal(String name) {
        if (!component.isRunning()) {
            return;
        }
        var process = component.process();
        var command = new ArrayList<>(List.of("kill", "-" + name));
        Stream.concat(Stream.of(process), process.descendants())
                .forEach(each -> command.add(Long.toString(each.pid())));
        try {
            new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD) // one of them may just have ended
                    .start()
                    .onExit()
                    .join();
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot signal " + component.name(), e);
        }
    }
}
