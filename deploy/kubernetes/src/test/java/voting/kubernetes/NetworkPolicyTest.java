package voting.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import java.util.ArrayList;
import java.util.HashMap;
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
import voting.kubernetes.Network.Endpoint;

/** The connections that the policies allow are the design's: each of them, and no other. */
@ExtendWith(Kubectl.class)
class NetworkPolicyTest {

    /**
     * The design's picture. vote knows Redis only, worker knows Redis and Postgres, result knows Postgres only; migrate and
     * beat are the worker's image with another command, and need Postgres.
     */
    private static final Set<String> AMONG_US = Set.of(
            "vote → redis:6379",
            "worker → redis:6379",
            "worker → db:5432",
            "result → db:5432",
            "migrate → db:5432",
            "beat → db:5432");

    private static final Set<String> OURS = Set.of("vote", "result", "worker", "beat", "migrate", "redis", "db");

    private static final Set<String> TO_NAMES =
            OURS.stream().map(name -> name + " → dns:53").collect(Collectors.toSet());

    @Test
    void demoAllowsExactlyTheEdgesOfTheDesign() {
        var expected = new TreeSet<>(AMONG_US);
        expected.addAll(TO_NAMES);
        expected.addAll(Set.of("browser → vote:8080", "browser → result:8081"));
        assertThat(network(Overlay.DEMO).edges()).isEqualTo(expected);
    }

    @Test
    void productionAddsTheIngressMonitoringAndOperatorsOnly() {
        var expected = new TreeSet<>(AMONG_US);
        expected.addAll(TO_NAMES);
        expected.addAll(Set.of("ingress → vote:8080", "ingress → result:8081"));
        expected.addAll(Set.of(
                "monitoring → vote:9080",
                "monitoring → result:9081",
                "monitoring → worker:9082",
                "monitoring → beat:9082"));
        expected.addAll(Set.of(
                "db → db:5432",
                "db → db:8000",
                "db → api-server:443",
                "postgres-operator → db:5432",
                "postgres-operator → db:8000",
                "redis-operator → redis:6379"));
        assertThat(network(Overlay.PRODUCTION).edges()).isEqualTo(expected);
    }

    /** Whom the networks of Compose keep apart, the policies keep apart. */
    @ParameterizedTest
    @EnumSource
    void everyEdgeIsWithinANetworkOfCompose(Overlay overlay) {
        assertThat(amongUs(network(overlay).edges())).isNotEmpty().allSatisfy(edge -> {
            var ends = edge.split(" → |:");
            assertThat(networks(ends[0])).containsAnyElementsOf(networks(ends[1]));
        });
    }

    /** An edge that one end alone allows is one that somebody forgot, or forgot to remove. */
    @Test
    void bothEndsOfEveryEdgeSayTheSame() {
        var network = network(Overlay.PRODUCTION);
        assertThat(amongUs(network.edgesByListener())).isEqualTo(amongUs(network.edgesByCaller()));
    }

    @ParameterizedTest
    @EnumSource
    void whatIsNotAllowedIsDenied(Overlay overlay) {
        assertThat(overlay.manifests().all(NetworkPolicy.class))
                .filteredOn(policy -> Manifests.name(policy).equals("nothing"))
                .singleElement()
                .satisfies(policy -> {
                    assertThat(policy.getSpec().getPodSelector().getMatchLabels())
                            .isEmpty();
                    assertThat(policy.getSpec().getPolicyTypes()).containsExactly("Ingress", "Egress");
                    assertThat(policy.getSpec().getIngress()).isEmpty();
                    assertThat(policy.getSpec().getEgress()).isEmpty();
                });
    }

    @ParameterizedTest
    @EnumSource
    void podThatNobodyThoughtOfMayDoNothingButAskForNames(Overlay overlay) {
        var network = network(overlay);
        var stranger = new Endpoint("stranger", Network.NAMESPACE, Map.of("app", "x"), Map.of("x", 1234));
        network.callers().add(stranger);
        network.listeners().add(stranger);
        assertThat(network.edges().stream().filter(edge -> edge.contains("stranger")))
                .containsExactly("stranger → dns:53");
    }

    private static Set<String> amongUs(Set<String> edges) {
        return edges.stream()
                .filter(edge -> Stream.of(edge.split(" → |:")).limit(2).allMatch(OURS::contains))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Network network(Overlay overlay) {
        var callers = pods(overlay);
        callers.add(outside("browser", "default", Map.of()));
        if (overlay == Overlay.PRODUCTION) {
            callers.add(outside("ingress", "ingress", Map.of()));
            callers.add(outside("monitoring", "monitoring", Map.of()));
            callers.add(outside("postgres-operator", "cnpg-system", Map.of()));
            callers.add(outside("redis-operator", "redis-operator", Map.of()));
        }
        var listeners = pods(overlay);
        listeners.add(new Endpoint("dns", "kube-system", Map.of("k8s-app", "kube-dns"), Map.of("dns", 53)));
        listeners.add(outside("api-server", "default", Map.of("https", 443)));
        return new Network(overlay.manifests().all(NetworkPolicy.class), callers, listeners);
    }

    private static Endpoint outside(String name, String namespace, Map<String, Integer> ports) {
        return new Endpoint(name, namespace, Map.of(), ports);
    }

    private static List<Endpoint> pods(Overlay overlay) {
        var pods = new ArrayList<Endpoint>();
        for (var workload : overlay.manifests().workloads()) {
            pods.add(new Endpoint(workload.name(), Network.NAMESPACE, workload.labels(), workload.ports()));
        }
        for (var document : overlay.manifests().custom()) {
            pods.addAll(ofOperator(document));
        }
        return pods;
    }

    /** The pods that an operator makes, with the labels that it gives them. */
    private static List<Endpoint> ofOperator(Map<String, Object> document) {
        var spec = Repository.map(document.get("spec"));
        return switch (String.valueOf(document.get("kind"))) {
            case "Cluster" -> {
                var labels =
                        strings(Repository.map(spec.get("inheritedMetadata")).get("labels"));
                labels.put("cnpg.io/cluster", "db");
                yield List.of(new Endpoint("db", Network.NAMESPACE, labels, Map.of("postgres", 5432, "status", 8000)));
            }
            case "Redis" ->
                List.of(new Endpoint(
                        "redis",
                        Network.NAMESPACE,
                        strings(Repository.map(document.get("metadata")).get("labels")),
                        Map.of("redis", 6379)));
            default -> List.of();
        };
    }

    private static Map<String, String> strings(Object labels) {
        var strings = new HashMap<String, String>();
        Repository.map(labels).forEach((name, value) -> strings.put(name, String.valueOf(value)));
        return strings;
    }

    @SuppressWarnings("unchecked")
    private static List<String> networks(String service) {
        return (List<String>) Repository.composeService(service).get("networks");
    }
}
