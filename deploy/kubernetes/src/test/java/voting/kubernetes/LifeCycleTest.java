package voting.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import voting.kubernetes.Manifests.Workload;

/** Pods are asked where they answer, and are given the time that Compose gives them. */
@ExtendWith(Kubectl.class)
class LifeCycleTest {

    private static final String LIVENESS = "/actuator/health/liveness";
    private static final String READINESS = "/actuator/health/readiness";

    @ParameterizedTest
    @CsvSource({"vote, vote", "result, result", "worker, worker", "beat, worker"})
    void probesAskWhatTheServiceAnswersOnItsManagementPort(String name, String service) {
        var properties = Repository.applicationProperties(service);
        var workload = Overlay.DEMO.manifests().workload(name);
        assertThat(workload.ports()).containsEntry("management", managementPort(properties));
        // What Spring Boot answers under these paths follows from this setting.
        assertThat(properties).containsEntry("management.endpoint.health.probes.enabled", "true");
        assertAsks(workload.container().getLivenessProbe(), LIVENESS);
    }

    /** Their pages stay, and say so, when the store is away; but no pod gets requests that was not ready once. */
    @ParameterizedTest
    @ValueSource(strings = {"vote", "result"})
    void pageThatWasReadyOnceStaysAsLongAsItAnswers(String name) {
        var container = Overlay.DEMO.manifests().workload(name).container();
        assertAsks(container.getStartupProbe(), READINESS);
        assertAsks(container.getReadinessProbe(), LIVENESS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"worker", "beat"})
    void workerIsReadyOnlyWithItsStores(String name) {
        var container = Overlay.DEMO.manifests().workload(name).container();
        assertAsks(container.getStartupProbe(), LIVENESS);
        assertAsks(container.getReadinessProbe(), READINESS);
    }

    @ParameterizedTest
    @CsvSource({"vote, 8080", "result, 8081"})
    void publicPortIsThatOfTheService(String name, int port) {
        assertThat(Overlay.DEMO.manifests().workload(name).ports()).containsEntry("http", port);
        assertThat(Repository.applicationProperties(name).getProperty("server.port", String.valueOf(port)))
                .isEqualTo(String.valueOf(port));
    }

    /** A start may take as long; it ends with the first good answer. */
    @ParameterizedTest
    @EnumSource
    void startMayTakeAsLongAsInCompose(Overlay overlay) {
        var patience = Repository.map(Repository.compose().get("x-health")).get("start_period");
        assertThat(overlay.manifests().all(Deployment.class)).isNotEmpty().allSatisfy(deployment -> {
            var probe = deployment
                    .getSpec()
                    .getTemplate()
                    .getSpec()
                    .getContainers()
                    .getFirst()
                    .getStartupProbe();
            assertThat(probe.getPeriodSeconds() * probe.getFailureThreshold() + "s")
                    .isEqualTo(patience);
        });
    }

    @ParameterizedTest
    @EnumSource
    void stopMayTakeAsLongAsInComposeAfterTheProxiesHaveHeardOfIt(Overlay overlay) {
        assertThat(overlay.manifests().workloads())
                .filteredOn(workload -> !workload.name().equals("migrate"))
                .allSatisfy(workload -> assertThat(
                                workload.pod().getTerminationGracePeriodSeconds() - secondsBeforeStop(workload) + "s")
                        .isEqualTo(Repository.composeService(workload.name()).get("stop_grace_period")));
    }

    @ParameterizedTest
    @EnumSource
    void whoTakesRequestsGoesOnUntilProxiesSendNoMore(Overlay overlay) {
        assertThat(List.of("vote", "result"))
                .allSatisfy(
                        name -> assertThat(secondsBeforeStop(overlay.manifests().workload(name)))
                                .isPositive());
    }

    @Test
    void updatePutsNewPodInPlaceBeforeItTakesAnOldOneAway() {
        assertThat(Overlay.DEMO.manifests().all(Deployment.class))
                .filteredOn(it -> it.getSpec()
                                .getTemplate()
                                .getSpec()
                                .getContainers()
                                .getFirst()
                                .getLifecycle()
                        != null)
                .hasSize(2)
                .allSatisfy(it -> assertThat(it.getSpec()
                                .getStrategy()
                                .getRollingUpdate()
                                .getMaxUnavailable()
                                .getIntVal())
                        .isZero());
    }

    private static long secondsBeforeStop(Workload workload) {
        var lifecycle = workload.container().getLifecycle();
        return lifecycle == null ? 0 : lifecycle.getPreStop().getSleep().getSeconds();
    }

    private static void assertAsks(Probe probe, String path) {
        assertThat(probe.getHttpGet().getPath()).isEqualTo(path);
        assertThat(probe.getHttpGet().getPort().getStrVal()).isEqualTo("management");
    }

    /** Of worker it is the only port. */
    private static int managementPort(Properties properties) {
        var port = properties.getProperty("management.server.port", properties.getProperty("server.port"));
        return Integer.parseInt(port.replaceAll("\\$\\{\\w+:(\\d+)}", "$1"));
    }
}
