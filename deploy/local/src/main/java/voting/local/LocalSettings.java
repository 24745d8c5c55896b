package voting.local;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * How to start a {@link LocalSystem}.
 *
 * @param data where the votes live on; a temporary directory when empty
 * @param variables for the services, on top of the launcher's own environment
 * @param overrides by name of a service: variables in place of those that the launcher works out, so that something can
 *     be put between a service and what it connects to; of the workers, for the first
 */
public record LocalSettings(
        Optional<Path> data,
        int votePort,
        int resultPort,
        int voteManagementPort,
        int resultManagementPort,
        int workerManagementPort,
        Map<String, String> variables,
        Map<String, Map<String, String>> overrides) {

    /** The settings of {@code make demo}. */
    static LocalSettings of(Map<String, String> environment) {
        return new LocalSettings(
                Optional.ofNullable(environment.get("DEMO_DATA"))
                        .filter(directory -> !directory.isBlank())
                        .map(Path::of),
                port(environment, "VOTE_PORT", 8080),
                port(environment, "RESULT_PORT", 8081),
                port(environment, "VOTE_MANAGEMENT_PORT", 9080),
                port(environment, "RESULT_MANAGEMENT_PORT", 9081),
                port(environment, "WORKER_MANAGEMENT_PORT", 9082),
                Map.of("POLL_FILE", pollFile(environment)),
                Map.of());
    }

    /** As Compose has it: a file that is named must be there. */
    private static String pollFile(Map<String, String> environment) {
        var name = environment.getOrDefault("POLL_FILE", "");
        var file = name.isBlank()
                ? Build.find().root().resolve("deploy/poll.properties")
                : Path.of(name).toAbsolutePath();
        if (!Files.isReadable(file)) {
            throw new LaunchException("POLL_FILE must name a file that can be read, not \"%s\".".formatted(name));
        }
        return file.toString();
    }

    /** Settings that disturb nothing that runs on this machine. */
    public static LocalSettings onFreePorts(Path data, Map<String, String> variables) {
        return new LocalSettings(
                Optional.of(data),
                Ports.free(),
                Ports.free(),
                Ports.free(),
                Ports.free(),
                Ports.free(),
                variables,
                Map.of());
    }

    public LocalSettings withOverrides(Map<String, Map<String, String>> newOverrides) {
        return new LocalSettings(
                data,
                votePort,
                resultPort,
                voteManagementPort,
                resultManagementPort,
                workerManagementPort,
                variables,
                newOverrides);
    }

    void checkPorts() {
        var used = new HashSet<Integer>();
        checkPort(used, "VOTE_PORT", votePort);
        checkPort(used, "RESULT_PORT", resultPort);
        checkPort(used, "VOTE_MANAGEMENT_PORT", voteManagementPort);
        checkPort(used, "RESULT_MANAGEMENT_PORT", resultManagementPort);
        checkPort(used, "WORKER_MANAGEMENT_PORT", workerManagementPort);
    }

    private static void checkPort(Set<Integer> used, String variable, int port) {
        if (!used.add(port) || !Ports.isFree(port)) {
            throw new LaunchException(
                    "Port %d is already in use: stop what uses it, or choose another one with %s=<port> make demo."
                            .formatted(port, variable));
        }
    }

    static int port(Map<String, String> environment, String variable, int otherwise) {
        var value = environment.getOrDefault(variable, "");
        if (value.isBlank()) {
            return otherwise;
        }
        if (value.matches("\\d{1,5}") && Integer.parseInt(value) >= 1 && Integer.parseInt(value) <= 65_535) {
            return Integer.parseInt(value);
        }
        throw new LaunchException("%s must be a port from 1 to 65535, not \"%s\".".formatted(variable, value));
    }
}
