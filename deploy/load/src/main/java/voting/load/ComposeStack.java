package voting.load;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import voting.load.Access.Postgres;
import voting.load.LoadSettings.Variables;

/**
 * A stack of Compose on this machine. It publishes neither store, and need not: on Linux the host reaches its containers
 * by their own addresses. (Docker in a virtual machine does not allow that: publish both ports there, in a file of your
 * own, and set POSTGRES_URL and REDIS_URL.)
 */
final class ComposeStack {

    private static final List<String> SERVICES = List.of("nginx", "vote", "worker", "result", "redis", "db", "beat");

    private final List<String> command;

    private ComposeStack(String command) {
        this.command = List.of(command.strip().split("\\s+"));
    }

    /** @param command as {@code docker compose -f docker-compose.prod.yml} */
    static Access access(String command, Variables variables) {
        var stack = new ComposeStack(command);
        var production = command.contains("prod");
        var postgres = new Postgres(
                "jdbc:postgresql://%s:5432/votes".formatted(stack.address("db")),
                "postgres",
                password(production, "postgres_password", variables.text("POSTGRES_PASSWORD", "development")));
        var redis = URI.create("redis://:%s@%s:6379"
                .formatted(
                        password(production, "redis_password", variables.text("REDIS_PASSWORD", "development")),
                        stack.address("redis")));
        return new Access(Optional.of(postgres), Optional.of(redis), stack.processes(), command);
    }

    private Map<String, Long> processes() {
        var processes = new TreeMap<String, Long>();
        for (var service : SERVICES) {
            var containers = containers(service);
            for (int i = 0; i < containers.size(); i++) {
                processes.put(
                        containers.size() == 1 ? service : service + "-" + (i + 1),
                        Long.valueOf(inspect(containers.get(i), "{{.State.Pid}}")));
            }
        }
        return processes;
    }

    private String address(String service) {
        var containers = containers(service);
        if (containers.isEmpty()) {
            throw new LoadException(
                    "COMPOSE=\"%s\" names a stack in which %s does not run: start it first.",
                    String.join(" ", command), service);
        }
        return inspect(containers.getFirst(), "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}")
                .split(" ")[0];
    }

    private List<String> containers(String service) {
        // An unknown service is an error for Compose; here it is one that this stack does not have.
        return run(
                        false,
                        Stream.concat(command.stream(), Stream.of("ps", "--quiet", service))
                                .toList())
                .lines()
                .toList();
    }

    private String inspect(String container, String format) {
        return run(true, List.of(command.getFirst(), "inspect", "--format", format, container))
                .strip();
    }

    private static String password(boolean inFile, String secret, String otherwise) {
        if (!inFile) {
            return otherwise;
        }
        try {
            return Files.readString(Path.of(".secrets", secret)).strip();
        } catch (IOException e) {
            throw new LoadException("Cannot read .secrets/%s: start this where `make secrets` wrote it.", secret);
        }
    }

    private static String run(boolean mustSucceed, List<String> command) {
        try {
            var process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            var output = new String(process.getInputStream().readAllBytes());
            if (process.waitFor() != 0 && mustSucceed) {
                throw new LoadException("`%s` failed: does Docker run?", String.join(" ", command));
            }
            return output;
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot run " + command.getFirst(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LoadException("Interrupted.");
        }
    }
}
