package voting.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;
import voting.chaos.Fault.Kind;
import voting.load.StoredReader;
import voting.local.LocalSettings;
import voting.local.LocalSystem;

/** The system as the launcher runs it, without Docker, with a {@link Link} between each pair of its parts. */
final class LocalStage implements Stage {

    /** Fills a gigabyte less often than Postgres' default. */
    private static final String SMALL_WAL = "alter system set max_wal_size = '128MB'";

    /** Where Debian's libfaketime is. */
    private static final Path FAKE_TIME = Path.of("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1");

    /** Of the second and the third worker; the first has the right time. */
    private static final List<String> WRONG_CLOCKS = List.of("+1h", "-1h");

    private final Path directory;
    private final Map<Target, Link> links = new EnumMap<>(Target.class);
    private final Map<Target, KeptAlive> parts = new EnumMap<>(Target.class);
    private final List<KeptAlive> workers = new ArrayList<>();
    private final Map<Fault, KeptAlive> struckWorkers = new HashMap<>();
    private final Optional<SmallVolume> volume;
    private final LocalSystem system;

    /** Returns when it is ready. What the directory held is deleted; what it holds in the end can be looked at. */
    LocalStage(Path directory, Map<String, String> variables) {
        this.directory = directory;
        var volumeDirectory = directory.resolve("postgres");
        if (SmallVolume.isPossible()) {
            SmallVolume.unmount(volumeDirectory);
            delete(directory);
            volume = Optional.of(SmallVolume.mount(volumeDirectory));
        } else {
            delete(directory);
            volume = Optional.empty();
        }
        var started = new AtomicReference<LocalSystem>();
        links.put(
                Target.VOTER_TO_VOTE, new Link(() -> started.get().vote().uri().getPort()));
        links.put(Target.VOTE_TO_REDIS, new Link(() -> started.get().redis().port()));
        links.put(Target.WORKER_TO_REDIS, new Link(() -> started.get().redis().port()));
        links.put(
                Target.WORKER_TO_POSTGRES,
                new Link(() -> started.get().postgres().port()));
        links.put(
                Target.RESULT_TO_POSTGRES,
                new Link(() -> started.get().postgres().port()));
        var ofWorkers =
                Map.of("REDIS_PORT", port(Target.WORKER_TO_REDIS), "POSTGRES_PORT", port(Target.WORKER_TO_POSTGRES));
        system = new LocalSystem(LocalSettings.onFreePorts(directory, variables)
                .withOverrides(Map.of(
                        "vote", Map.of("REDIS_PORT", port(Target.VOTE_TO_REDIS)),
                        "worker", ofWorkers,
                        "result", Map.of("POSTGRES_PORT", port(Target.RESULT_TO_POSTGRES)))));
        started.set(system);
        try {
            start(ofWorkers);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private void start(Map<String, String> ofWorkers) {
        system.start(System.out::println);
        limitWal();
        parts.put(Target.VOTE, new KeptAlive(system.vote(), true));
        parts.put(Target.RESULT, new KeptAlive(system.result(), true));
        parts.put(Target.REDIS, new KeptAlive(system.redis(), true));
        parts.put(Target.POSTGRES, new KeptAlive(system.postgres(), true));
        parts.put(Target.BEAT, new KeptAlive(system.addBeat(Map.of("AUDIT_INTERVAL", "1s")), true));
        workers.add(new KeptAlive(system.worker(), true));
        for (var clock : WRONG_CLOCKS) {
            var variables = new HashMap<>(ofWorkers);
            variables.putAll(withClock(clock));
            workers.add(new KeptAlive(system.addWorker(variables), false));
        }
    }

    private static Map<String, String> withClock(String difference) {
        return Files.exists(FAKE_TIME)
                ? Map.of(
                        "LD_PRELOAD", FAKE_TIME.toString(), "FAKETIME", difference, "FAKETIME_DONT_FAKE_MONOTONIC", "1")
                : Map.of();
    }

    @Override
    public boolean offers(Kind kind, Target target) {
        return target != Target.NGINX && (kind != Kind.FULL || target != Target.POSTGRES || volume.isPresent());
    }

    @Override
    public Optional<String> limits() {
        var limits = new ArrayList<>(List.of("There is no nginx here; make chaos-docker strikes it."));
        if (volume.isEmpty()) {
            limits.add("Without root on Linux Postgres gets no volume of its own, and so none that is full.");
        }
        if (!Files.exists(FAKE_TIME)) {
            limits.add("Without libfaketime all workers have the right time.");
        }
        return Optional.of(String.join(" ", limits));
    }

    @Override
    public void strike(Fault fault) {
        if (links.containsKey(fault.target())) {
            links.get(fault.target()).fail(fault.kind(), fault.variant());
            return;
        }
        switch (fault.kind()) {
            case KILL -> part(fault).kill();
            case RESTART -> part(fault).stop();
            case PAUSE -> part(fault).pause();
            case SCALE -> scale(1 + fault.variant() % workers.size());
            case FULL -> {
                if (fault.target() == Target.REDIS) {
                    limitRedis("1");
                } else {
                    parts.get(Target.POSTGRES).hold();
                    volume.orElseThrow().fill();
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
        if (links.containsKey(fault.target())) {
            links.get(fault.target()).heal();
            return;
        }
        switch (fault.kind()) {
            case KILL, RESTART -> part(fault).release();
            case PAUSE -> part(fault).resume();
            case FULL -> {
                if (fault.target() == Target.REDIS) {
                    limitRedis("0");
                } else {
                    volume.orElseThrow().free();
                    parts.get(Target.POSTGRES).release();
                }
            }
            default -> {}
        }
    }

    @Override
    public URI vote() {
        return URI.create("http://localhost:" + port(Target.VOTER_TO_VOTE));
    }

    @Override
    public URI result() {
        return system.result().uri();
    }

    @Override
    public URI redis() {
        return URI.create("redis://127.0.0.1:" + system.redis().port());
    }

    @Override
    public StoredReader stored() {
        return new StoredReader(system.postgres().jdbcUrl(), "postgres", "", result(), Optional.of(redis()));
    }

    @Override
    public void close() {
        workers.forEach(KeptAlive::close);
        parts.values().forEach(KeptAlive::close);
        system.close();
        links.values().forEach(Link::close);
        volume.ifPresent(SmallVolume::close);
    }

    Path logs() {
        return directory.resolve("logs");
    }

    private String port(Target link) {
        return Integer.toString(links.get(link).port());
    }

    /** The same one when it strikes and when it heals, though meanwhile others may have been started. */
    private synchronized KeptAlive part(Fault fault) {
        if (fault.target() != Target.WORKER) {
            return parts.get(fault.target());
        }
        return struckWorkers.computeIfAbsent(fault, struck -> {
            var running = workers.stream().filter(KeptAlive::isWanted).toList();
            return running.get(struck.variant() % running.size());
        });
    }

    private void scale(int count) {
        for (int i = 0; i < workers.size(); i++) {
            workers.get(i).want(i < count);
        }
    }

    /** In bytes; one is less than Redis always holds, and 0 is no limit. */
    private void limitRedis(String maxMemory) {
        try (var jedis = new Jedis(redis())) {
            jedis.configSet("maxmemory", maxMemory);
        } catch (JedisException e) {
            // Struck by another fault as well; when it has been restarted, there is no limit.
        }
    }

    private void limitWal() {
        try (var connection = DriverManager.getConnection(system.postgres().jdbcUrl());
                var statement = connection.createStatement()) {
            connection.setAutoCommit(true);
            statement.execute(SMALL_WAL);
            statement.execute("select pg_reload_conf()");
        } catch (SQLException e) {
            throw new IllegalStateException("Cannot set up Postgres", e);
        }
    }

    /** With all that is in it. */
    static void delete(Path directory) {
        if (!Files.exists(directory)) {
            return;
        }
        try (var files = Files.walk(directory)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot delete " + directory, e);
        }
    }
}
