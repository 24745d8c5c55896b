package voting.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** On what a run was measured: without it a figure says nothing. */
record Environment(int cores, Map<String, String> facts) {

    /** Those of Postgres that decide between fast and durable. */
    private static final List<String> POSTGRES_SETTINGS = List.of(
            "server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "max_wal_size");

    private static final List<String> REDIS_SETTINGS = List.of("appendonly", "appendfsync", "maxmemory-policy");
    private static final Pattern CPU_MODEL = Pattern.compile("(?m)^model name\\s*:\\s*(.+)$");
    private static final Pattern REDIS_VERSION = Pattern.compile("redis_version:(\\S+)");

    static Environment of(LoadSettings settings, Access access, Map<String, String> environment) {
        var facts = new TreeMap<String, String>();
        facts.put(
                "system",
                "%s %s %s"
                        .formatted(
                                System.getProperty("os.name"),
                                System.getProperty("os.version"),
                                System.getProperty("os.arch")));
        facts.put("processor", processor());
        facts.put("java of the generator", System.getProperty("java.runtime.version"));
        facts.put("commit", environment.getOrDefault("LOAD_COMMIT", "unknown"));
        facts.put("vote", settings.vote().uri("/").toString());
        facts.put("result", settings.result().uri("/").toString());
        facts.put("seen through", access.source());
        access.postgres().ifPresent(postgres -> addPostgres(facts, postgres));
        access.redis().ifPresent(redis -> {
            try (var streams = new Streams(redis)) {
                var version = REDIS_VERSION.matcher(streams.info("server"));
                facts.put("redis", (version.find() ? version.group(1) : "?") + ", " + streams.settings(REDIS_SETTINGS));
            }
        });
        return new Environment(Runtime.getRuntime().availableProcessors(), facts);
    }

    /** The options of a JVM in its command line. */
    static String flags(String commandLine) {
        return Pattern.compile("\\s+")
                .splitAsStream(commandLine)
                .filter(argument -> argument.startsWith("-X"))
                .collect(Collectors.joining(" "));
    }

    private static void addPostgres(Map<String, String> facts, Access.Postgres postgres) {
        try (var database = new Database(postgres)) {
            facts.put(
                    "postgres",
                    POSTGRES_SETTINGS.stream()
                            .map(name -> name.equals("server_version")
                                    ? database.text("show " + name)
                                    : name + " " + database.text("show " + name))
                            .collect(Collectors.joining(", ")));
            facts.put("ballots before", Long.toString(database.number("select count(*) from ballot")));
        }
    }

    private static String processor() {
        try {
            var model = CPU_MODEL.matcher(Files.readString(Path.of("/proc/cpuinfo")));
            return model.find() ? model.group(1) : "unknown";
        } catch (IOException e) {
            return "unknown";
        }
    }
}
