package voting.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;
import redis.embedded.core.ExecutableProvider;

/**
 * Redis with the settings of production: what it has answered is on disk.
 *
 * <p>It is started as a daemon, in a session of its own, so that a Ctrl-C in the terminal reaches only the launcher,
 * which stops it after the services.
 */
public final class LocalRedis implements Component {

    private static final Duration START_TIMEOUT = Duration.ofSeconds(30);

    private final DataDirectory data;
    private final Guardian guardian;
    private final int port = Ports.free();
    private ProcessHandle process;

    LocalRedis(DataDirectory data, Guardian guardian) {
        this.data = data;
        this.guardian = guardian;
    }

    public int port() {
        return port;
    }

    Path appendOnlyFile() {
        return data.redis().resolve("appendonly.aof");
    }

    @Override
    public String name() {
        return "redis";
    }

    @Override
    public Path log() {
        return data.logs().resolve("redis.log");
    }

    @Override
    public ProcessHandle process() {
        return process;
    }

    @Override
    public void start() {
        try {
            Files.createDirectories(data.redis());
            runDaemon();
            awaitAnswer();
            process = ProcessHandle.of(
                            Long.parseLong(Files.readString(pidFile()).strip()))
                    .orElseThrow(() -> failure("died", null));
            guardian.watch(process);
        } catch (IOException e) {
            throw failure("did not start", e);
        }
    }

    @Override
    public void stop() {
        if (process == null) {
            return;
        }
        Processes.requestStop(process);
        Processes.awaitStop(process);
    }

    private void runDaemon() throws IOException {
        var launcher = new ProcessBuilder(
                        executable().toString(),
                        "--bind",
                        "127.0.0.1",
                        "--port",
                        Integer.toString(port),
                        "--dir",
                        data.redis().toString(),
                        "--appendonly",
                        "yes",
                        "--appendfsync",
                        "always",
                        "--save",
                        "",
                        "--maxmemory-policy",
                        "noeviction",
                        "--daemonize",
                        "yes",
                        "--pidfile",
                        pidFile().toString(),
                        "--logfile",
                        log().toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()))
                .start();
        if (launcher.onExit().join().exitValue() != 0) {
            throw failure("did not start", null);
        }
    }

    private Path executable() throws IOException {
        return ExecutableProvider.newJarResourceProvider(data.scratch().toFile())
                .get()
                .toPath();
    }

    private void awaitAnswer() {
        var deadline = Instant.now().plus(START_TIMEOUT);
        while (!answers()) {
            if (Instant.now().isAfter(deadline)) {
                throw failure("did not answer within %d s".formatted(START_TIMEOUT.toSeconds()), null);
            }
            Processes.pause();
        }
    }

    /** An error is none: while Redis still reads its file, it answers LOADING. */
    private boolean answers() {
        try (var jedis = new Jedis("127.0.0.1", port)) {
            return jedis.ping().equals("PONG");
        } catch (JedisException ignored) {
            return false;
        }
    }

    private Path pidFile() {
        return data.scratch().resolve("redis.pid");
    }
}
