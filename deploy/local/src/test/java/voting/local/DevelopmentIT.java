package voting.local;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** {@code make dev}: what is compiled runs a moment later, and what does not start is waited for. */
class DevelopmentIT {

    private static final List<String> SERVICES = List.of("vote", "worker", "result");

    @Test
    void recompiledServiceStartsAgainAloneAndLetsADebuggerAttach() throws Exception {
        var ports = SERVICES.stream().collect(Collectors.toMap(service -> service, service -> Ports.free()));
        var variables = new HashMap<String, String>();
        ports.forEach((service, port) -> variables.put(service.toUpperCase() + "_DEBUG_PORT", port.toString()));
        var development = new Development(Build.find(), variables);
        var settings = SharedSystem.settings(SharedSystem.emptyDirectory("development"));
        var template = Build.find().root().resolve("vote/target/classes/templates/vote.html");
        var before = Files.readString(template);

        try (var system = new LocalSystem(settings, development::program)) {
            system.start(progress -> {});
            for (var port : ports.values()) {
                assertThat(handshake(port)).isEqualTo("JDWP-Handshake");
            }
            look(development, system);
            var processes = processes(system);
            assertThat(page(system)).doesNotContain("recompiled");

            Files.writeString(template, before.replace("</main>", "<p>recompiled</p></main>"));
            await().atMost(Duration.ofMinutes(1)).untilAsserted(() -> {
                look(development, system);
                assertThat(page(system)).contains("recompiled");
            });
            var processesAfter = processes(system);
            assertThat(processesAfter.get("vote")).isNotEqualTo(processes.get("vote"));
            assertThat(processesAfter.get("worker")).isEqualTo(processes.get("worker"));
            assertThat(processesAfter.get("result")).isEqualTo(processes.get("result"));

            look(development, system);
            look(development, system);
            assertThat(processes(system)).as("nothing has changed since").isEqualTo(processesAfter);
        } finally {
            Files.writeString(template, before);
        }
    }

    private static void look(Development development, LocalSystem system) {
        development.restartWhatHasChanged(system);
    }

    private static String page(LocalSystem system) throws IOException {
        return Voter.get(system.vote().uri()).body();
    }

    private static Map<String, Long> processes(LocalSystem system) {
        return Map.of(
                "vote", system.vote().process().pid(),
                "worker", system.worker().process().pid(),
                "result", system.result().process().pid());
    }

    private static String handshake(int port) throws IOException {
        try (var socket = new Socket("127.0.0.1", port)) {
            socket.getOutputStream().write("JDWP-Handshake".getBytes(US_ASCII));
            return new String(socket.getInputStream().readNBytes(14), US_ASCII);
        }
    }
}
