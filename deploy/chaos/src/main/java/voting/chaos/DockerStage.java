package voting.chaos;

import static java.util.Map.entry;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;
import voting.chaos.Fault.Kind;
import voting.load.StoredReader;
import voting.local.Ports;

/**
 * The stack of docker-compose.yml with the nginx of production in front of it, as a project of its own, on free ports,
 * with its own volumes; all of it is removed in the end.
 */
final class DockerStage implements Stage {

    private static final String PROJECT = "voting-chaos";
    private static final String PASSWORD = "development";
    private static final int MOST_WORKERS = 3;

    /** What docker-compose.yml allows Redis. */
    private static final String REDIS_MEMORY = "512mb";

    /**
     * The stores can be reached from outside, for poison and for the verifier, and Postgres has a volume that can be
     * filled. A volume in memory is gone when the last container that uses it ends, so one keeps it.
     */
    private static final String OVERRIDE = """
            services:
              nginx:
                extends: { file: %s, service: nginx }
              redis:
                networks: [queue, campaign]
                ports: ["127.0.0.1:%d:6379"]
              db:
                networks: [data, campaign]
                ports: ["127.0.0.1:%d:5432"]
                depends_on: [keeper]
              keeper:
                image: ${POSTGRES_IMAGE:-postgres:17.6-alpine}
                entrypoint: [sleep, infinity]
                init: true
                volumes: ["db-data:/var/lib/postgresql/data"]
            networks:
              campaign:
              edge:
            secrets:
              tls_certificate: { file: %s }
              tls_key: { file: %s }
            volumes:
              db-data:
                driver: local
                driver_opts: { type: tmpfs, device: tmpfs, o: size=1g }
            """;

    private static final String BALLAST = "/var/lib/postgresql/data/ballast";

    private static final Map<Target, String> SERVICES = Map.of(
            Target.VOTE, "vote",
            Target.WORKER, "worker",
            Target.BEAT, "beat",
            Target.RESULT, "result",
            Target.REDIS, "redis",
            Target.POSTGRES, "db",
            Target.NGINX, "nginx");

    /** A container that leaves a network hears nothing from the others there, and they hear nothing from it. */
    private record Membership(Target part, String network) {}

    private static final Map<Target, Membership> LINKS = Map.of(
            Target.VOTE_TO_REDIS, new Membership(Target.VOTE, "queue"),
            Target.WORKER_TO_REDIS, new Membership(Target.WORKER, "queue"),
            Target.WORKER_TO_POSTGRES, new Membership(Target.WORKER, "data"),
            Target.RESULT_TO_POSTGRES, new Membership(Target.RESULT, "data"));

    private final int votePort = Ports.free();
    private final int resultPort = Ports.free();
    private final int redisPort = Ports.free();
    private final int postgresPort = Ports.free();
    private final int redirectPort = Ports.free();
    private final int nginxPort = Ports.free();
    private final Link voters = new Link(() -> nginxPort);
    private final Path override;
    private final Map<Target, List<String>> containers = new HashMap<>();
    private final Map<Fault, String> struckWorkers = new ConcurrentHashMap<>();
    private volatile int workers = MOST_WORKERS;

    /** Returns when it is ready. */
    DockerStage(Path directory) {
        override = directory.resolve("compose.override.yml");
        try {
            Files.createDirectories(directory);
            var certificate = directory.resolve("tls.crt").toAbsolutePath();
            var key = directory.resolve("tls.key").toAbsolutePath();
            createCertificate(certificate, key);
            Files.writeString(
                    override,
                    OVERRIDE.formatted(
                            Path.of("docker-compose.prod.yml").toAbsolutePath(),
                            redisPort,
                            postgresPort,
                            certificate,
                            key));
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot write " + override, e);
        }
        try {
            compose("down", "--volumes", "--remove-orphans");
            compose("up", "--detach", "--wait", "--scale", "worker=" + MOST_WORKERS);
            SERVICES.forEach((target, service) -> containers.put(
                    target, compose("ps", "--quiet", service).lines().toList()));
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    @Override
    public boolean offers(Kind kind, Target target) {
        return !LINKS.containsKey(target) || kind == Kind.SWALLOW;
    }

    @Override
    public Optional<String> limits() {
        return Optional.of(
                "Between containers connections are lost only by leaving a network, and all have one clock; make chaos has the rest.");
    }

    @Override
    public void strike(Fault fault) {
        if (fault.target() == Target.VOTER_TO_VOTE) {
            voters.fail(fault.kind(), fault.variant());
            return;
        }
        switch (fault.kind()) {
            case KILL -> docker("kill", container(fault));
            case RESTART -> docker("stop", container(fault));
            case PAUSE -> docker("pause", container(fault));
            case SWALLOW -> docker("network", "disconnect", "--force", network(fault), container(fault));
            case SCALE -> scale(1 + fault.variant() % MOST_WORKERS);
            case FULL -> {
                if (fault.target() == Target.REDIS) {
                    limitRedis("1");
                } else {
                    compose("exec", "--no-TTY", "keeper", "sh", "-c", "cat /dev/zero >" + BALLAST + " || true");
                    if (fault.variant() % 2 == 0) {
                        WriteAheadLog.useUp(stored());
                    }
                }
            }
            default -> throw new IllegalArgumentException("Not for " + fault);
        }
    }

    @Override
    public void heal(Fault fault) {
        if (fault.target() == Target.VOTER_TO_VOTE) {
            voters.heal();
            return;
        }
        switch (fault.kind()) {
            case KILL, RESTART -> docker("start", container(fault));
            case PAUSE -> docker("unpause", container(fault));
            case SWALLOW -> docker("network", "connect", "--alias", service(fault), network(fault), container(fault));
            case FULL -> {
                if (fault.target() == Target.REDIS) {
                    limitRedis(REDIS_MEMORY);
                } else {
                    compose("exec", "--no-TTY", "keeper", "rm", "-f", BALLAST);
                }
            }
            default -> {}
        }
    }

    @Override
    public URI vote() {
        return URI.create("https://localhost:" + voters.port());
    }

    @Override
    public URI result() {
        return URI.create("http://localhost:" + resultPort);
    }

    @Override
    public URI redis() {
        return URI.create("redis://:%s@127.0.0.1:%d".formatted(PASSWORD, redisPort));
    }

    @Override
    public StoredReader stored() {
        return new StoredReader(
                "jdbc:postgresql://127.0.0.1:%d/votes".formatted(postgresPort),
                "postgres",
                PASSWORD,
                result(),
                Optional.of(redis()));
    }

    @Override
    public void close() {
        voters.close();
        compose("down", "--volumes", "--remove-orphans");
    }

    private static String service(Fault fault) {
        return SERVICES.get(part(fault));
    }

    private static Target part(Fault fault) {
        return LINKS.containsKey(fault.target()) ? LINKS.get(fault.target()).part() : fault.target();
    }

    private static String network(Fault fault) {
        return PROJECT + "_" + LINKS.get(fault.target()).network();
    }

    /** The same one when it strikes and when it heals, though meanwhile others may have been started. */
    private String container(Fault fault) {
        var candidates = containers.get(part(fault));
        if (candidates.size() == 1) {
            return candidates.getFirst();
        }
        return struckWorkers.computeIfAbsent(fault, struck -> candidates.get(struck.variant() % workers));
    }

    private void scale(int count) {
        for (int i = 0; i < MOST_WORKERS; i++) {
            docker(i < count ? "start" : "stop", containers.get(Target.WORKER).get(i));
        }
        workers = count;
    }

    private void limitRedis(String maxMemory) {
        try (var jedis = new Jedis(redis())) {
            jedis.configSet("maxmemory", maxMemory);
        } catch (JedisException e) {
            // Struck by another fault as well; when it has been restarted, it has its own limit again.
        }
    }

    private String compose(String... arguments) {
        var command = new ArrayList<>(List.of(
                "compose", "--project-name", PROJECT, "--file", "docker-compose.yml", "--file", override.toString()));
        command.addAll(List.of(arguments));
        return docker(command.toArray(String[]::new));
    }

    private static void createCertificate(Path certificate, Path key) throws IOException {
        run(
                Map.of(),
                List.of(
                        "openssl",
                        "req",
                        "-x509",
                        "-newkey",
                        "ec",
                        "-pkeyopt",
                        "ec_paramgen_curve:prime256v1",
                        "-nodes",
                        "-subj",
                        "/CN=localhost",
                        "-out",
                        certificate.toString(),
                        "-keyout",
                        key.toString()));
        // nginx is another user.
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));
    }

    /** Two faults may meet in one container: what one cannot do then is told, and the campaign goes on. */
    private String docker(String... arguments) {
        var command = new ArrayList<>(List.of("docker"));
        command.addAll(List.of(arguments));
        return run(variables(), command);
    }

    private static String run(Map<String, String> variables, List<String> command) {
        var builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().putAll(variables);
        try {
            var process = builder.start();
            var output = new String(process.getInputStream().readAllBytes());
            if (process.onExit().join().exitValue() != 0) {
                System.out.println("Failed: " + String.join(" ", command));
            }
            return output;
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot run " + command.getFirst(), e);
        }
    }

    private Map<String, String> variables() {
        return Map.ofEntries(
                entry("VOTE_PORT", Integer.toString(votePort)),
                entry("RESULT_PORT", Integer.toString(resultPort)),
                entry("VOTE_DEBUG_PORT", "0"),
                entry("RESULT_DEBUG_PORT", "0"),
                entry("HTTP_PORT", Integer.toString(redirectPort)),
                entry("HTTPS_PORT", Integer.toString(nginxPort)),
                entry("VOTE_RATE_LIMIT", "10000r/s"), // all voters have one address
                entry("VOTE_RATE_BURST", "10000"),
                entry("POLL_OPTIONS", Campaign.POLL_OPTIONS),
                entry("AUDIT_INTERVAL", "1s"),
                entry("REDIS_PASSWORD", PASSWORD),
                entry("POSTGRES_PASSWORD", PASSWORD));
    }
}
