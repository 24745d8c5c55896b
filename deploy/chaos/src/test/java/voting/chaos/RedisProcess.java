package voting.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.embedded.core.ExecutableProvider;
import voting.local.Ports;

/** A Redis server, or a Sentinel, with a directory of its own; it can be killed and started again. */
final class RedisProcess implements AutoCloseable {

    static final String PASSWORD = "s3cret";

    /** What is confirmed is on disk, as in production, and on a replica as well. */
    private static final List<String> DURABLE = List.of(
            "--appendonly",
            "yes",
            "--appendfsync",
            "always",
            "--save",
            "",
            "--requirepass",
            PASSWORD,
            "--masterauth",
            PASSWORD);

    private final Path directory;
    private final int port;
    private final List<String> command;
    private Process process;

    private RedisProcess(Path directory, int port, List<String> command) {
        this.directory = directory;
        this.port = port;
        this.command = command;
        Runtime.getRuntime().addShutdownHook(new Thread(this::close)); // whatever becomes of the test
    }

    static RedisProcess server(Path directory, int port, String... options) {
        var command = new ArrayList<String>();
        command.addAll(DURABLE);
        command.addAll(List.of(options));
        return new RedisProcess(directory, port, command);
    }

    /** @param file what it is configured by, and where it notes what it knows */
    static RedisProcess sentinel(Path directory, String file) {
        write(directory.resolve("sentinel.conf"), file);
        return new RedisProcess(directory, Ports.free(), List.of("--sentinel"));
    }

    HostAndPort address() {
        return new HostAndPort("127.0.0.1", port);
    }

    Jedis connect() {
        return new Jedis(
                address(), DefaultJedisClientConfig.builder().password(PASSWORD).build());
    }

    void start() {
        try {
            Files.createDirectories(directory);
            var line = new ArrayList<String>();
            line.add(ExecutableProvider.newJarResourceProvider(directory.toFile())
                    .get()
                    .getPath());
            if (command.contains("--sentinel")) {
                line.add(directory.resolve("sentinel.conf").toString());
            }
            line.addAll(List.of("--bind", "127.0.0.1", "--port", String.valueOf(port), "--dir", directory.toString()));
            line.addAll(command);
            process = new ProcessBuilder(line)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(
                            directory.resolve("log").toFile()))
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot start Redis", e);
        }
    }

    /** SIGKILL, as if its machine had been lost. */
    void kill() {
        process.destroyForcibly().onExit().join();
    }

    /** As if its machine had stalled. */
    void pause() {
        signal("STOP");
    }

    void resume() {
        signal("CONT");
    }

    private void signal(String name) {
        try {
            new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid()))
                    .start()
                    .onExit()
                    .join();
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot signal Redis", e);
        }
    }

    @Override
    public void close() {
        if (process != null) {
            kill();
        }
    }

    static void write(Path file, String text) {
        try {
            Files.createDirectories(file.getParent());
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot write " + file, e);
        }
    }
}
