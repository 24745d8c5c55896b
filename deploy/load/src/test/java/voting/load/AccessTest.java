package voting.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import voting.load.Access.Postgres;
import voting.load.LoadSettings.Variables;

class AccessTest {

    /** Answers as Docker does for a stack with one container per service, and none of nginx. */
    private static final String DOCKER = """
            #!/bin/sh
            case "$*" in
              "compose ps --quiet nginx") exit 1 ;;
              "compose ps --quiet vote") printf 'vote-a\nvote-b\n' ;;
              "compose ps --quiet "*) echo "$4-container" ;;
              "inspect --format {{.State.Pid}} "*) echo 4711 ;;
              "inspect --format {{range"*"db-container") echo "172.18.0.5 " ;;
              "inspect --format {{range"*) echo "172.18.0.6 172.19.0.2 " ;;
              *) exit 1 ;;
            esac
            """;

    private static final Endpoint VOTE = Endpoint.of("VOTE_URL", "http://localhost:8080");

    @TempDir
    private Path directory;

    private static Access find(Map<String, String> variables) {
        return Access.find(new Variables(variables), VOTE);
    }

    /** With the directory of a launcher here. */
    private Access findFor(String host) {
        return Access.find(
                new Variables(Map.of("DEMO_DATA", directory.toString())),
                Endpoint.of("VOTE_URL", "http://" + host + ":8080"));
    }

    private Path docker(String script) throws IOException {
        var docker = Files.writeString(directory.resolve("docker"), script);
        assertThat(docker.toFile().setExecutable(true)).isTrue();
        return docker;
    }

    /** As the launcher writes it. */
    private void systemFile(int votePort, long process) throws IOException {
        Files.createDirectories(directory.resolve("tmp"));
        Files.writeString(directory.resolve("tmp/system.properties"), """
                vote=http\\://localhost\\:%d
                postgres=jdbc\\:postgresql\\://127.0.0.1\\:5555/votes?user\\=postgres
                redis=redis\\://127.0.0.1\\:6666
                process.vote=%d
                """.formatted(votePort, process));
    }

    @Test
    void storesOfTheLauncherThatServesTheAddressAreFound() throws IOException {
        systemFile(8080, ProcessHandle.current().pid());

        var access = find(Map.of("DEMO_DATA", directory.toString()));

        assertThat(access.postgres())
                .contains(new Postgres("jdbc:postgresql://127.0.0.1:5555/votes?user=postgres", "postgres", ""));
        assertThat(access.redis()).contains(URI.create("redis://127.0.0.1:6666"));
        assertThat(access.processes()).containsOnlyKeys("vote");
    }

    @Test
    void launcherOfAnotherAddressIsLeftAlone() throws IOException {
        systemFile(8090, ProcessHandle.current().pid());

        assertThat(find(Map.of("DEMO_DATA", directory.toString()))).isEqualTo(Access.NONE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"vote.example.org", "localhost.example.org", "192.0.2.1", "[2001:db8::1]"})
    void launcherHereIsNotTakenForASystemElsewhere(String host) throws IOException {
        systemFile(8080, ProcessHandle.current().pid());

        assertThat(findFor(host)).isEqualTo(Access.NONE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"LOCALHOST", "127.0.0.1", "127.1.2.3", "[::1]"})
    void launcherIsFoundByEveryAddressOfThisMachineForItself(String host) throws IOException {
        systemFile(8080, ProcessHandle.current().pid());

        assertThat(findFor(host).postgres()).isPresent();
    }

    @Test
    void launcherThatWasKilledIsNotTakenForARunningOne() throws Exception {
        var ended = new ProcessBuilder("true").start();
        ended.waitFor();
        systemFile(8080, ended.pid());

        assertThat(find(Map.of("DEMO_DATA", directory.toString()))).isEqualTo(Access.NONE);
    }

    @Test
    void variablesNameAnySystem() {
        var access = find(Map.of(
                "POSTGRES_URL",
                "jdbc:postgresql://db/votes",
                "POSTGRES_PASSWORD",
                "secret",
                "REDIS_URL",
                "redis://queue"));

        assertThat(access.postgres()).contains(new Postgres("jdbc:postgresql://db/votes", "postgres", "secret"));
        assertThat(access.redis()).contains(URI.create("redis://queue"));
    }

    @Test
    void containersOfAStackAreReachedByTheirOwnAddresses() throws IOException {
        var access = find(Map.of("COMPOSE", docker(DOCKER) + " compose"));

        assertThat(access.postgres())
                .contains(new Postgres("jdbc:postgresql://172.18.0.5:5432/votes", "postgres", "development"));
        assertThat(access.redis()).contains(URI.create("redis://:development@172.18.0.6:6379"));
        assertThat(access.processes())
                .containsOnlyKeys("vote-1", "vote-2", "worker", "result", "redis", "db", "beat")
                .containsEntry("worker", 4711L);
    }

    @Test
    void stackThatDoesNotRunIsToldInOneSentence() throws IOException {
        var nothing = docker("#!/bin/sh\nexit 0\n");

        assertThatThrownBy(() -> find(Map.of("COMPOSE", nothing + " compose")))
                .isInstanceOf(LoadException.class)
                .hasMessageContaining("start it first");
    }
}
