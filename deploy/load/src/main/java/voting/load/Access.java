package voting.load;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Stream;
import voting.load.LoadSettings.Variables;

/**
 * What can be reached behind the two addresses: without it a run still measures, but verifies and explains less.
 *
 * @param processes the first process of each service, by a name for people; empty when they cannot be seen
 * @param source where this was found, for people
 */
record Access(Optional<Postgres> postgres, Optional<URI> redis, Map<String, Long> processes, String source) {

    /** @param user who owns the database */
    record Postgres(String jdbcUrl, String user, String password) {}

    static final Access NONE = new Access(Optional.empty(), Optional.empty(), Map.of(), "the two addresses alone");

    /** Where the launcher keeps the data of systems that nobody named a directory for. */
    private static final Path LAUNCHER = Path.of("deploy/local/target");

    /** In what the variables name, in the stack that {@code COMPOSE} names, or in the launcher that serves the address. */
    static Access find(Variables variables, Endpoint vote) {
        var url = variables.text("POSTGRES_URL");
        if (url.isPresent() || variables.text("REDIS_URL").isPresent()) {
            var postgres = url.map(address -> new Postgres(
                    address, variables.text("POSTGRES_USER", "postgres"), variables.text("POSTGRES_PASSWORD", "")));
            return new Access(postgres, variables.text("REDIS_URL").map(URI::create), Map.of(), "the variables");
        }
        var compose = variables.text("COMPOSE");
        if (compose.isPresent()) {
            return ComposeStack.access(compose.get(), variables);
        }
        return launcherFiles(variables)
                .map(Access::read)
                .filter(properties -> serves(properties, vote))
                .findFirst()
                .map(Access::ofLauncher)
                .orElse(NONE);
    }

    private static Stream<Path> launcherFiles(Variables variables) {
        var directories = new ArrayList<Path>();
        variables.text("DEMO_DATA").map(Path::of).ifPresent(directories::add);
        directories.addAll(children(LAUNCHER));
        return directories.stream()
                .map(directory -> directory.resolve("tmp/system.properties"))
                .filter(Files::exists);
    }

    private static List<Path> children(Path directory) {
        try (var files = Files.list(directory)) {
            return files.toList();
        } catch (IOException e) {
            return List.of(); // the launcher was never built here
        }
    }

    private static boolean serves(Properties properties, Endpoint vote) {
        return isThisMachine(vote.host())
                && Endpoint.of("vote", properties.getProperty("vote")).port() == vote.port()
                && ProcessHandle.of(Long.parseLong(properties.getProperty("process.vote")))
                        .isPresent();
    }

    /** Without asking anybody whose name it is: the stores of the wrong system would be compared, or emptied. */
    private static boolean isThisMachine(String host) {
        if (host.equalsIgnoreCase("localhost")) {
            return true;
        }
        try {
            return InetAddress.ofLiteral(host).isLoopbackAddress();
        } catch (IllegalArgumentException e) {
            return false; // a name
        }
    }

    private static Access ofLauncher(Properties properties) {
        var processes = new TreeMap<String, Long>();
        properties.stringPropertyNames().stream()
                .filter(name -> name.startsWith("process."))
                .forEach(name ->
                        processes.put(name.substring("process.".length()), Long.valueOf(properties.getProperty(name))));
        return new Access(
                Optional.of(new Postgres(properties.getProperty("postgres"), "postgres", "")),
                Optional.of(URI.create(properties.getProperty("redis"))),
                processes,
                "the launcher of make demo");
    }

    private static Properties read(Path file) {
        var properties = new Properties();
        try (var reader = Files.newBufferedReader(file)) {
            properties.load(reader);
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot read " + file, e);
        }
        return properties;
    }
}
