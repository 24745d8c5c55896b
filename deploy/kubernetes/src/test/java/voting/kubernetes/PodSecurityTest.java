package voting.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.EmptyDirVolumeSource;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** No pod may do more than it needs to. */
@ExtendWith(Kubectl.class)
class PodSecurityTest {

    @ParameterizedTest
    @EnumSource
    void apiServerRefusesPodsThatAskForMore(Overlay overlay) {
        assertThat(overlay.manifests().all(Namespace.class))
                .singleElement()
                .satisfies(namespace -> assertThat(namespace.getMetadata().getLabels())
                        .containsEntry("pod-security.kubernetes.io/enforce", "restricted"));
    }

    @ParameterizedTest
    @EnumSource
    void nobodyIsRoot(Overlay overlay) {
        assertThat(pods(overlay)).allSatisfy(pod -> {
            assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
            assertThat(pod.getSecurityContext().getRunAsUser()).isPositive();
            assertThat(pod.getSecurityContext().getRunAsGroup()).isPositive();
        });
    }

    @ParameterizedTest
    @EnumSource
    void systemCallsAreFiltered(Overlay overlay) {
        assertThat(pods(overlay))
                .allSatisfy(pod -> assertThat(
                                pod.getSecurityContext().getSeccompProfile().getType())
                        .isEqualTo("RuntimeDefault"));
    }

    @ParameterizedTest
    @EnumSource
    void nobodyHoldsATokenOfTheApiServer(Overlay overlay) {
        assertThat(pods(overlay))
                .allSatisfy(
                        pod -> assertThat(pod.getAutomountServiceAccountToken()).isFalse());
    }

    @Test
    void redisOfItsOperatorHoldsNoTokenEither() {
        var manifests = Overlay.PRODUCTION.manifests();
        var redis = manifests.custom().stream()
                .filter(document -> document.get("kind").equals("Redis"))
                .findFirst()
                .orElseThrow();
        assertThat(manifests.all(ServiceAccount.class)).singleElement().satisfies(account -> {
            assertThat(account.getAutomountServiceAccountToken()).isFalse();
            assertThat(Repository.map(redis.get("spec"))).containsEntry("serviceAccountName", Manifests.name(account));
        });
    }

    /** A service named "redis" would otherwise set REDIS_PORT=tcp://… in every pod. */
    @ParameterizedTest
    @EnumSource
    void servicesSetNoVariables(Overlay overlay) {
        assertThat(pods(overlay))
                .allSatisfy(pod -> assertThat(pod.getEnableServiceLinks()).isFalse());
    }

    @ParameterizedTest
    @EnumSource
    void nobodyIsNearTheNode(Overlay overlay) {
        assertThat(pods(overlay)).allSatisfy(pod -> {
            assertThat(pod.getHostNetwork()).isNull();
            assertThat(pod.getHostPID()).isNull();
            assertThat(pod.getHostIPC()).isNull();
            assertThat(pod.getVolumes())
                    .allSatisfy(volume -> assertThat(volume.getHostPath()).isNull());
        });
    }

    @ParameterizedTest
    @EnumSource
    void everyPodHasOneContainerSoThatThePatchesReachIt(Overlay overlay) {
        assertThat(pods(overlay)).allSatisfy(pod -> {
            assertThat(pod.getContainers()).hasSize(1);
            assertThat(pod.getInitContainers()).isNullOrEmpty();
        });
    }

    @ParameterizedTest
    @EnumSource
    void noContainerGainsPrivilegesOrWritesToItsImage(Overlay overlay) {
        assertThat(pods(overlay)).allSatisfy(pod -> {
            var security = pod.getContainers().getFirst().getSecurityContext();
            assertThat(security.getAllowPrivilegeEscalation()).isFalse();
            assertThat(security.getReadOnlyRootFilesystem()).isTrue();
            assertThat(security.getCapabilities().getDrop()).containsExactly("ALL");
            assertThat(security.getCapabilities().getAdd()).isNullOrEmpty();
            assertThat(security.getPrivileged()).isNull();
            assertThat(security.getRunAsUser()).isNull(); // what the pod says, holds
        });
    }

    @ParameterizedTest
    @EnumSource
    void everyContainerHasLimitsAndAsksForNoMore(Overlay overlay) {
        assertThat(pods(overlay)).allSatisfy(pod -> {
            var resources = pod.getContainers().getFirst().getResources();
            for (var what : List.of("cpu", "memory")) {
                assertThat(amount(resources.getRequests().get(what)))
                        .isPositive()
                        .isLessThanOrEqualTo(amount(resources.getLimits().get(what)));
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void nothingGrowsOnANodeWithoutABound(Overlay overlay) {
        assertThat(pods(overlay).stream()
                        .flatMap(pod -> pod.getVolumes().stream())
                        .map(volume -> volume.getEmptyDir())
                        .filter(Objects::nonNull))
                .isNotEmpty()
                .extracting(EmptyDirVolumeSource::getSizeLimit)
                .doesNotContainNull();
    }

    @ParameterizedTest
    @EnumSource
    void memoryAndProcessorAreLimitedAsInCompose(Overlay overlay) {
        assertThat(overlay.manifests().workloads()).allSatisfy(workload -> {
            var limits = workload.container().getResources().getLimits();
            var compose = Repository.map(Repository.map(Repository.map(
                                    Repository.composeService(workload.name()).get("deploy"))
                            .get("resources"))
                    .get("limits"));
            assertThat(amount(limits.get("cpu"))).isEqualTo(Double.parseDouble(String.valueOf(compose.get("cpus"))));
            assertThat(limits.get("memory").toString())
                    .isEqualTo(String.valueOf(compose.get("memory")).replace("m", "Mi"));
        });
    }

    @ParameterizedTest
    @EnumSource
    void imagesAreThoseOfCompose(Overlay overlay) {
        assertThat(overlay.manifests().workloads())
                .allSatisfy(workload -> assertThat(workload.container().getImage())
                        .isEqualTo(Repository.byDefault(
                                Repository.composeService(workload.name()).get("image"))));
    }

    @ParameterizedTest
    @EnumSource
    void noImageIsTheLatest(Overlay overlay) {
        var manifests = overlay.manifests();
        var ofOperators = manifests.custom().stream()
                .flatMap(PodSecurityTest::strings)
                .filter(text -> text.matches("[\\w.-]+(/[\\w.-]+)+:\\S+"));
        var ours = manifests.workloads().stream()
                .map(workload -> workload.container().getImage());
        assertThat(Stream.concat(ours, ofOperators)).isNotEmpty().allMatch(image -> image.matches(".+:v?\\d.*"));
    }

    private static Stream<String> strings(Object value) {
        return switch (value) {
            case Map<?, ?> map -> map.values().stream().flatMap(PodSecurityTest::strings);
            case List<?> list -> list.stream().flatMap(PodSecurityTest::strings);
            default -> Stream.of(String.valueOf(value));
        };
    }

    private static List<PodSpec> pods(Overlay overlay) {
        return overlay.manifests().workloads().stream()
                .map(Manifests.Workload::pod)
                .toList();
    }

    private static double amount(Quantity quantity) {
        return quantity.getNumericalAmount().doubleValue();
    }
}
