package voting.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.File;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** {@code make demo} as a person starts it, but in the background and without standard input. */
class DemoIT {

    private static final Pattern DIRECTORY = Pattern.compile("Logs: (.*)/logs");

    private final Build build = Build.find();
    private final Map<String, String> environment = new HashMap<>(Map.of(
            "DEMO_DATA", "",
            "VOTE_PORT", Integer.toString(Ports.free()),
            "RESULT_PORT", Integer.toString(Ports.free()),
            "VOTE_MANAGEMENT_PORT", Integer.toString(Ports.free()),
            "RESULT_MANAGEMENT_PORT", Integer.toString(Ports.free()),
            "WORKER_MANAGEMENT_PORT", Integer.toString(Ports.free())));
    private Process demo;

    @AfterEach
    void stop() {
        demo.destroy();
        demo.onExit().join();
    }

    @Test
    void sigtermLeavesNoProcessAndNoDirectory() throws Exception {
        start();
        var directory = directoryIn(outputUntil("Stop with"));
        // Three services, Redis, Postgres, the guardian.
        assertThat(processesOf(directory)).hasSizeGreaterThanOrEqualTo(6);

        demo.destroy();

        assertThat(demo.waitFor()).isEqualTo(143);
        assertThat(processesOf(directory)).isEmpty();
        assertThat(directory).doesNotExist();
    }

    @Test
    void sigtermDuringTheStartLeavesNoProcessAndNoDirectory() throws Exception {
        var others = directories();
        start();
        outputUntil("Creating the tables");
        var directory = directories().stream()
                .filter(candidate -> !others.contains(candidate))
                .findFirst()
                .orElseThrow();
        assertThat(processesOf(directory)).isNotEmpty();

        demo.destroy();

        assertThat(demo.waitFor()).isEqualTo(143);
        assertThat(processesOf(directory)).isEmpty();
        assertThat(directory).doesNotExist();
    }

    @Test
    void sigkillLeavesNoProcessAndNoDirectory() throws Exception {
        start();
        var directory = directoryIn(outputUntil("Stop with"));

        demo.destroyForcibly();

        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
            assertThat(processesOf(directory)).isEmpty();
            assertThat(directory).doesNotExist();
        });
    }

    @Test
    void deathOfAServiceEndsTheDemoAndIsSaid() throws Exception {
        start();
        var directory = directoryIn(outputUntil("Stop with"));

        processesOf(directory).stream()
                .filter(process -> commandLine(process).contains("/result-"))
                .forEach(ProcessHandle::destroyForcibly);

        assertThat(outputUntil("Stopped")).contains("result ended unexpectedly", "[result] ");
        assertThat(demo.waitFor()).isEqualTo(1);
        assertThat(processesOf(directory)).isEmpty();
        assertThat(directory).doesNotExist();
    }

    @Test
    void busyPortIsSaidWithWhatToDo() throws Exception {
        try (var busy = new ServerSocket(0)) {
            environment.put("RESULT_PORT", Integer.toString(busy.getLocalPort()));
            start();

            assertThat(demo.inputReader().lines())
                    .endsWith("Port %d is already in use: stop what uses it, or choose another one with "
                                    .formatted(busy.getLocalPort())
                            + "RESULT_PORT=<port> make demo.");
            assertThat(demo.waitFor()).isEqualTo(1);
        }
    }

    @Test
    void dataDirectoryInUseIsSaidWithWhatToDo() throws Exception {
        var path = SharedSystem.emptyDirectory("in-use");
        try (var inUse = DataDirectory.lasting(path)) {
            environment.put("DEMO_DATA", inUse.path().toString());
            start();

            assertThat(demo.inputReader().lines())
                    .endsWith(path + " is in use by a running demo: stop that one or choose another directory.");
            assertThat(demo.waitFor()).isEqualTo(1);
        }
    }

    private void start() throws IOException {
        var builder =
                new ProcessBuilder(build.root().resolve("deploy/local/demo").toString());
        builder.environment().putAll(SharedSystem.QUICK_TO_START);
        builder.environment().putAll(environment);
        demo = builder.redirectInput(new File("/dev/null"))
                .redirectErrorStream(true)
                .start();
    }

    private String outputUntil(String text) throws IOException {
        var output = new StringBuilder();
        var reader = demo.inputReader();
        for (var line = reader.readLine(); line != null; line = reader.readLine()) {
            output.append(line).append('\n');
            if (line.contains(text)) {
                return output.toString();
            }
        }
        throw new AssertionError("The demo ended without saying \"%s\":%n%s".formatted(text, output));
    }

    private static Path directoryIn(String output) {
        var found = DIRECTORY.matcher(output);
        assertThat(found.find()).isTrue();
        return Path.of(found.group(1));
    }

    private Set<Path> directories() throws IOException {
        try (var files = Files.list(build.workspace())) {
            return files.filter(file -> file.getFileName().toString().startsWith("system-"))
                    .collect(Collectors.toSet());
        }
    }

    /** Everything that the demo starts has this directory in its arguments. */
    private static List<ProcessHandle> processesOf(Path directory) {
        return ProcessHandle.allProcesses()
                .filter(process -> commandLine(process).contains(directory.toString()))
                .toList();
    }

    private static String commandLine(ProcessHandle process) {
        return process.info().commandLine().orElse("");
    }
}
