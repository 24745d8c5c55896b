package voting.local;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** One of our own programs, on the Java that runs the launcher, told what to do by environment variables only. */
public final class Service implements Component {

    private static final Duration READY_TIMEOUT = Duration.ofSeconds(90);

    /**
     * An upper bound, not what they take, and one thread for the garbage: they share a laptop. Nothing is left behind in
     * the system's directory for temporary files, not even after SIGKILL.
     */
    private static final List<String> JVM_OPTIONS = List.of(
            "-Xmx256m",
            "-XX:+UseSerialGC",
            "-XX:+UseCompactObjectHeaders",
            "-XX:+ExitOnOutOfMemoryError",
            "-XX:-UsePerfData",
            "-Xshare:auto");

    /** What is meant for other programs of the same machine must not reach ours by accident. */
    private static final String FOREIGN_SETTINGS = "(SPRING|SERVER|MANAGEMENT|REDIS|POSTGRES)_.*";

    /**
     * Starts a program that does not notice the terminal's Ctrl-C, nor its end: only the launcher does, and stops the
     * components in order.
     */
    private static final List<String> DETACHED = List.of("sh", "-c", "trap '' INT HUP; exec \"$@\"", "sh");

    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private final String name;
    private final List<String> command;
    private final Map<String, String> environment;
    private final DataDirectory data;
    private final Guardian guardian;
    private Process process;

    /** The command is what Java is told to run, with its arguments. */
    Service(String name, List<String> command, Map<String, String> environment, DataDirectory data, Guardian guardian) {
        this.name = name;
        this.command = command;
        this.environment = environment;
        this.data = data;
        this.guardian = guardian;
    }

    /** Where the service answers its users. */
    public URI uri() {
        return address("SERVER_PORT");
    }

    /** Where the service answers its operators. */
    public URI managementUri() {
        return address("MANAGEMENT_SERVER_PORT");
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Path log() {
        return data.logs().resolve(name + ".log");
    }

    @Override
    public ProcessHandle process() {
        return process == null ? null : process.toHandle();
    }

    @Override
    public void start() {
        start(Map.of());
    }

    /** With these variables in place of the ones it was made with. */
    public void start(Map<String, String> overrides) {
        var builder = new ProcessBuilder(commandLine());
        builder.environment().keySet().removeIf(variable -> variable.matches(FOREIGN_SETTINGS));
        builder.environment().putAll(environment);
        builder.environment().putAll(overrides);
        builder.redirectInput(new File("/dev/null"));
        builder.redirectErrorStream(true);
        builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()));
        try {
            process = builder.start();
        } catch (IOException e) {
            throw failure("did not start", e);
        }
        guardian.watch(process.toHandle());
    }

    /** Returns when the service says that it can do its work. */
    public void awaitReady() {
        var deadline = Instant.now().plus(READY_TIMEOUT);
        while (!isReady()) {
            if (!process.isAlive()) {
                throw failure("ended before it was ready", null);
            }
            if (Instant.now().isAfter(deadline)) {
                throw failure("was not ready within %d s".formatted(READY_TIMEOUT.toSeconds()), null);
            }
            Processes.pause();
        }
    }

    /** Returns when a service that is no server has done its work. */
    void awaitSuccess() {
        if (process.onExit().join().exitValue() != 0) {
            throw failure("failed", null);
        }
    }

    @Override
    public void stop() {
        if (process == null) {
            return;
        }
        Processes.requestStop(process.toHandle());
        Processes.awaitStop(process.toHandle());
    }

    private boolean isReady() {
        var request = HttpRequest.newBuilder(managementUri().resolve("/actuator/health/readiness"))
                .timeout(Duration.ofSeconds(5))
                .build();
        try {
            return HTTP.send(request, BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException ignored) {
            return false;
        } catch (InterruptedException ignored) {
            Thread.currentThread().interrupt();
            throw new LaunchException("Interrupted while waiting for %s.".formatted(name));
        }
    }

    private List<String> commandLine() {
        var line = new ArrayList<>(DETACHED);
        line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        line.addAll(JVM_OPTIONS);
        line.add("-Djava.io.tmpdir=" + data.scratch());
        line.addAll(command);
        return line;
    }

    private URI address(String portVariable) {
        return URI.create("http://localhost:" + environment.get(portVariable));
    }
}
