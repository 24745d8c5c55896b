package voting.kubernetes;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.cfg.MapperConfig;
import tools.jackson.databind.introspect.Annotated;
import tools.jackson.databind.introspect.JacksonAnnotationIntrospector;
import tools.jackson.databind.json.JsonMapper;

/**
 * Rendered manifests, read as strictly as the API server reads them: a field that the API does not know is an error.
 *
 * @param objects those of Kubernetes itself
 * @param custom those whose kinds operators bring; there is no model of these
 */
record Manifests(List<HasMetadata> objects, List<Map<String, Object>> custom) {

    private static final Map<String, Class<? extends HasMetadata>> KINDS = Map.ofEntries(
            Map.entry("v1/ConfigMap", ConfigMap.class),
            Map.entry("v1/Namespace", Namespace.class),
            Map.entry("v1/Secret", Secret.class),
            Map.entry("v1/Service", Service.class),
            Map.entry("v1/ServiceAccount", ServiceAccount.class),
            Map.entry("apps/v1/Deployment", Deployment.class),
            Map.entry("apps/v1/StatefulSet", StatefulSet.class),
            Map.entry("autoscaling/v2/HorizontalPodAutoscaler", HorizontalPodAutoscaler.class),
            Map.entry("batch/v1/Job", Job.class),
            Map.entry("networking.k8s.io/v1/Ingress", Ingress.class),
            Map.entry("networking.k8s.io/v1/NetworkPolicy", NetworkPolicy.class),
            Map.entry("policy/v1/PodDisruptionBudget", PodDisruptionBudget.class));

    /** The model keeps fields that it does not know, for clients that meet a newer server; here they must not exist. */
    private static final JsonMapper STRICT = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .annotationIntrospector(new JacksonAnnotationIntrospector() {
                @Override
                public Boolean hasAnySetter(MapperConfig<?> config, Annotated member) {
                    return false;
                }
            })
            .build();

    /** Pods that a workload makes. */
    record Workload(String name, Map<String, String> selector, PodTemplateSpec template) {

        Map<String, String> labels() {
            return template.getMetadata().getLabels();
        }

        PodSpec pod() {
            return template.getSpec();
        }

        Container container() {
            return pod().getContainers().getFirst();
        }

        Map<String, Integer> ports() {
            return container().getPorts().stream()
                    .collect(Collectors.toMap(ContainerPort::getName, ContainerPort::getContainerPort));
        }
    }

    static Manifests of(String yaml) {
        var objects = new ArrayList<HasMetadata>();
        var custom = new ArrayList<Map<String, Object>>();
        for (var document : Repository.documents(yaml)) {
            var kind = KINDS.get(document.get("apiVersion") + "/" + document.get("kind"));
            if (kind == null) {
                custom.add(document);
            } else {
                objects.add(STRICT.convertValue(document, kind));
            }
        }
        return new Manifests(objects, custom);
    }

    <T extends HasMetadata> List<T> all(Class<T> kind) {
        return objects.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    List<Workload> workloads() {
        var deployments = all(Deployment.class).stream()
                .map(it -> new Workload(
                        name(it),
                        it.getSpec().getSelector().getMatchLabels(),
                        it.getSpec().getTemplate()));
        var statefulSets = all(StatefulSet.class).stream()
                .map(it -> new Workload(
                        name(it),
                        it.getSpec().getSelector().getMatchLabels(),
                        it.getSpec().getTemplate()));
        var jobs = all(Job.class).stream()
                .map(it -> new Workload(name(it), Map.of(), it.getSpec().getTemplate()));
        return Stream.of(deployments, statefulSets, jobs)
                .flatMap(workloads -> workloads)
                .toList();
    }

    Workload workload(String name) {
        return workloads().stream()
                .filter(workload -> workload.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("There is no workload " + name));
    }

    /** What the generated ConfigMap of that name holds. */
    Map<String, String> configuration(String name) {
        return all(ConfigMap.class).stream()
                .filter(it -> name(it).startsWith(name + "-"))
                .findFirst()
                .orElseThrow()
                .getData();
    }

    static String name(HasMetadata object) {
        return object.getMetadata().getName();
    }
}
