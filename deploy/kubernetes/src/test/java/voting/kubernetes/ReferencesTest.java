package voting.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.KeyToPath;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import voting.kubernetes.Manifests.Workload;

/** Whatever one manifest says about another, the other agrees. */
@ExtendWith(Kubectl.class)
class ReferencesTest {

    private static final Set<String> SERVICES = Set.of("vote", "result", "worker", "beat", "migrate");

    @ParameterizedTest
    @EnumSource
    void everyWorkloadSelectsItsOwnPodsAndNoOthers(Overlay overlay) {
        var workloads = overlay.manifests().workloads();
        assertThat(workloads)
                .filteredOn(workload -> !workload.selector().isEmpty())
                .allSatisfy(workload ->
                        assertThat(selected(workloads, workload.selector())).containsExactly(workload.name()));
    }

    @ParameterizedTest
    @EnumSource
    void everyServiceFindsPodsAndTheirPorts(Overlay overlay) {
        var manifests = overlay.manifests();
        assertThat(manifests.all(Service.class)).isNotEmpty().allSatisfy(service -> {
            assertThat(selected(manifests.workloads(), service.getSpec().getSelector()))
                    .containsExactly(Manifests.name(service));
            var ports = manifests.workload(Manifests.name(service)).ports();
            assertThat(service.getSpec().getPorts())
                    .singleElement()
                    .satisfies(port -> assertThat(port.getPort())
                            .isEqualTo(ports.get(port.getTargetPort().getStrVal())));
        });
    }

    @Test
    void everyStatefulSetHasTheServiceThatNamesItsPods() {
        assertThat(Overlay.DEMO.manifests().all(StatefulSet.class))
                .hasSize(2)
                .allSatisfy(statefulSet -> assertThat(Overlay.DEMO.manifests().all(Service.class))
                        .filteredOn(it ->
                                Manifests.name(it).equals(statefulSet.getSpec().getServiceName()))
                        .singleElement()
                        .satisfies(service ->
                                assertThat(service.getSpec().getClusterIP()).isEqualTo("None")));
    }

    @ParameterizedTest
    @EnumSource
    void everyDisruptionBudgetIsOfWorkloadWithReplicasToSpare(Overlay overlay) {
        var manifests = overlay.manifests();
        assertThat(manifests.all(PodDisruptionBudget.class)).hasSize(3).allSatisfy(budget -> {
            var selector = budget.getSpec().getSelector().getMatchLabels();
            assertThat(selected(manifests.workloads(), selector)).containsExactly(Manifests.name(budget));
            assertThat(budget.getSpec().getMaxUnavailable().getIntVal()).isEqualTo(1);
            assertThat(fewest(manifests, Manifests.name(budget))).isGreaterThan(1);
        });
    }

    @ParameterizedTest
    @EnumSource
    void replicasAreSpreadOverZonesAndNodes(Overlay overlay) {
        assertThat(overlay.manifests().all(Deployment.class))
                .filteredOn(it -> fewest(overlay.manifests(), Manifests.name(it)) > 1)
                .hasSize(3)
                .allSatisfy(deployment -> {
                    var template = deployment.getSpec().getTemplate();
                    assertThat(template.getSpec().getTopologySpreadConstraints())
                            .extracting("topologyKey")
                            .containsExactly("topology.kubernetes.io/zone", "kubernetes.io/hostname");
                    assertThat(template.getSpec().getTopologySpreadConstraints())
                            .allMatch(spread -> Network.matches(
                                    spread.getLabelSelector(),
                                    template.getMetadata().getLabels()));
                });
    }

    @Test
    void everyAutoscalerIsOfDeploymentThatLeavesItTheNumber() {
        var manifests = Overlay.PRODUCTION.manifests();
        assertThat(manifests.all(HorizontalPodAutoscaler.class))
                .extracting(Manifests::name)
                .containsExactlyInAnyOrder("vote", "worker");
        assertThat(manifests.all(HorizontalPodAutoscaler.class))
                .allSatisfy(autoscaler -> assertThat(manifests.all(Deployment.class))
                        .filteredOn(it -> Manifests.name(it)
                                .equals(autoscaler.getSpec().getScaleTargetRef().getName()))
                        .singleElement()
                        .satisfies(deployment ->
                                assertThat(deployment.getSpec().getReplicas()).isNull()));
    }

    @Test
    void voteIsScaledWellBelowWhatItsPodsMayUse() {
        var manifests = Overlay.PRODUCTION.manifests();
        var target = autoscaler("vote").getSpec().getMetrics().getFirst().getResource();
        assertThat(target.getName()).isEqualTo("cpu");
        assertThat(target.getTarget().getAverageValue().getNumericalAmount())
                .isLessThan(manifests
                        .workload("vote")
                        .container()
                        .getResources()
                        .getLimits()
                        .get("cpu")
                        .getNumericalAmount());
    }

    @Test
    void workersAreScaledByMetricThatTheyTellAndTheAdapterKnows() {
        var metric = autoscaler("worker")
                .getSpec()
                .getMetrics()
                .getFirst()
                .getExternal()
                .getMetric()
                .getName();
        assertThat(Repository.read(Repository.ROOT.resolve("deploy/monitoring/METRICS.md")))
                .contains("| `%s` | gauge | | worker |".formatted(metric));
        var adapter = Repository.documents(
                        Repository.read(Repository.MANIFESTS.resolve("components/autoscaling/prometheus-adapter.yaml")))
                .getFirst();
        assertThat(Repository.map(adapter.get("rules")).get("external").toString())
                .contains("as=" + metric, "max(" + metric);
    }

    @Test
    void thereAreNeverMoreWorkersThanStreams() {
        assertThat(autoscaler("worker").getSpec().getMaxReplicas())
                .isEqualTo(Integer.valueOf(
                        Overlay.PRODUCTION.manifests().configuration("poll").get("VOTE_STREAMS")));
    }

    @Test
    void ingressLeadsToServicesThatAreThere() {
        var manifests = Overlay.PRODUCTION.manifests();
        var ingress = manifests.all(Ingress.class).getFirst().getSpec();
        assertThat(ingress.getRules().stream()
                        .flatMap(rule -> rule.getHttp().getPaths().stream())
                        .map(path -> path.getBackend().getService()))
                .hasSize(2)
                .allSatisfy(backend -> assertThat(
                                manifests.workload(backend.getName()).ports())
                        .containsKey(backend.getPort().getName()));
        assertThat(ingress.getTls().getFirst().getHosts())
                .isEqualTo(
                        ingress.getRules().stream().map(rule -> rule.getHost()).toList());
    }

    @Test
    void everyServiceIsMonitored() {
        var manifests = Overlay.PRODUCTION.manifests();
        var monitor = manifests.custom().stream()
                .filter(document -> document.get("kind").equals("PodMonitor"))
                .findFirst()
                .orElseThrow();
        assertThat(monitor.get("spec").toString())
                .contains("path=/actuator/prometheus", "port=management", "values=[vote, result, worker, beat]");
        assertThat(List.of("vote", "result", "worker", "beat"))
                .allSatisfy(name -> assertThat(manifests.workload(name).ports()).containsKey("management"));
    }

    @ParameterizedTest
    @EnumSource
    void everyVariableIsOneThatTheServicesKnow(Overlay overlay) {
        var known = new TreeSet<>(Repository.settings());
        known.addAll(Repository.map(Repository.compose().get("x-poll")).keySet());
        assertThat(services(overlay))
                .allSatisfy(workload ->
                        assertThat(variables(overlay.manifests(), workload)).isSubsetOf(known));
    }

    /** Besides what the poll's configuration brings to all. */
    @ParameterizedTest
    @EnumSource
    void everyServiceGetsTheVariablesThatComposeGivesIt(Overlay overlay) {
        assertThat(services(overlay)).allSatisfy(workload -> {
            var environment = new HashSet<>(
                    Repository.map(Repository.composeService(workload.name()).get("environment"))
                            .keySet());
            assertThat(variables(overlay.manifests(), workload)).containsAll(environment);
            assertThat(files(workload)).isEqualTo(secretsInCompose(workload.name()));
        });
    }

    /** Those without a value there have the default of the services. */
    @Test
    void pollHasTheDefaultsOfCompose() {
        var poll = Overlay.DEMO.manifests().configuration("poll");
        Repository.map(Repository.compose().get("x-poll")).forEach((name, value) -> {
            assertThat(poll).containsKey(name);
            if (value != null) {
                assertThat(poll).containsEntry(name, Repository.byDefault(value));
            }
        });
        for (var service : SERVICES) {
            Repository.map(Repository.composeService(service).get("environment"))
                    .forEach((name, value) -> {
                        if (poll.containsKey(name) && value != null) {
                            assertThat(poll).containsEntry(name, Repository.byDefault(value));
                        }
                    });
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyNamedSecretAndConfigurationIsThereWithItsKeys(Overlay overlay) {
        var manifests = overlay.manifests();
        assertThat(manifests.workloads()).allSatisfy(workload -> {
            assertThat(workload.container().getEnvFrom())
                    .allSatisfy(source -> assertThat(names(manifests.all(ConfigMap.class)))
                            .contains(source.getConfigMapRef().getName()));
            secrets(workload)
                    .forEach((name, items) -> assertThat(manifests.all(Secret.class))
                            .filteredOn(secret -> Manifests.name(secret).equals(name))
                            .singleElement()
                            .satisfies(secret -> assertThat(secret.getData())
                                    .containsKeys(items.stream()
                                            .map(KeyToPath::getKey)
                                            .toArray(String[]::new))));
        });
    }

    @ParameterizedTest
    @EnumSource
    void everyMountedVolumeIsThere(Overlay overlay) {
        assertThat(overlay.manifests().workloads()).allSatisfy(workload -> {
            var claimed = overlay.manifests().all(StatefulSet.class).stream()
                    .filter(it -> Manifests.name(it).equals(workload.name()))
                    .flatMap(it -> it.getSpec().getVolumeClaimTemplates().stream())
                    .map(Manifests::name);
            var volumes =
                    Stream.concat(claimed, workload.pod().getVolumes().stream().map(volume -> volume.getName()));
            assertThat(workload.container().getVolumeMounts().stream().map(mount -> mount.getName()))
                    .containsExactlyInAnyOrderElementsOf(volumes.toList());
        });
    }

    private static HorizontalPodAutoscaler autoscaler(String name) {
        return Overlay.PRODUCTION.manifests().all(HorizontalPodAutoscaler.class).stream()
                .filter(it -> Manifests.name(it).equals(name))
                .findFirst()
                .orElseThrow();
    }

    /** How many replicas there are at least, whoever decides. */
    private static int fewest(Manifests manifests, String deployment) {
        return manifests.all(HorizontalPodAutoscaler.class).stream()
                .filter(it -> Manifests.name(it).equals(deployment))
                .map(it -> it.getSpec().getMinReplicas())
                .findFirst()
                .orElseGet(() -> manifests.all(Deployment.class).stream()
                        .filter(it -> Manifests.name(it).equals(deployment))
                        .findFirst()
                        .orElseThrow()
                        .getSpec()
                        .getReplicas());
    }

    private static List<Workload> services(Overlay overlay) {
        var services = overlay.manifests().workloads().stream()
                .filter(workload -> SERVICES.contains(workload.name()))
                .toList();
        assertThat(services).hasSameSizeAs(SERVICES);
        return services;
    }

    private static Set<String> variables(Manifests manifests, Workload workload) {
        var own = workload.container().getEnv().stream().map(EnvVar::getName);
        var shared = workload.container().getEnvFrom().stream()
                .flatMap(source -> manifests.all(ConfigMap.class).stream()
                        .filter(it -> Manifests.name(it)
                                .equals(source.getConfigMapRef().getName())))
                .flatMap(it -> it.getData().keySet().stream());
        return Stream.concat(own, shared).collect(Collectors.toSet());
    }

    /** Secrets that a pod mounts, and what of them. */
    private static Map<String, List<KeyToPath>> secrets(Workload workload) {
        return workload.pod().getVolumes().stream()
                .filter(volume -> volume.getName().equals("secrets"))
                .flatMap(volume -> volume.getSecret() != null
                        ? Stream.of(Map.entry(
                                volume.getSecret().getSecretName(),
                                volume.getSecret().getItems()))
                        : volume.getProjected().getSources().stream()
                                .map(source -> Map.entry(
                                        source.getSecret().getName(),
                                        source.getSecret().getItems())))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    /** Names of the files under /run/secrets. */
    private static Set<String> files(Workload workload) {
        return secrets(workload).values().stream()
                .flatMap(List::stream)
                .map(KeyToPath::getPath)
                .collect(Collectors.toSet());
    }

    private static Set<String> secretsInCompose(String service) {
        return ((List<?>) Repository.composeService(service).get("secrets"))
                .stream()
                        .map(secret -> String.valueOf(Repository.map(secret).get("target")))
                        .collect(Collectors.toSet());
    }

    private static List<String> selected(List<Workload> workloads, Map<String, String> selector) {
        return workloads.stream()
                .filter(workload -> workload.labels().entrySet().containsAll(selector.entrySet()))
                .map(Workload::name)
                .toList();
    }

    private static List<String> names(List<? extends HasMetadata> objects) {
        return objects.stream().map(Manifests::name).toList();
    }
}
