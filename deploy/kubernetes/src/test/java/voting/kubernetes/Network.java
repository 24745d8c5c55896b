package voting.kubernetes;

import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPeer;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPort;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Who can connect to whom under network policies, as the API defines them: a pod that no policy selects may do anything,
 * one that some select may do what any of them allows, and a connection needs both its ends to allow it.
 */
record Network(List<NetworkPolicy> policies, List<Endpoint> callers, List<Endpoint> listeners) {

    static final String NAMESPACE = "voting";

    /**
     * One end of connections.
     *
     * @param ports on which it listens, by name
     */
    record Endpoint(String name, String namespace, Map<String, String> labels, Map<String, Integer> ports) {

        boolean isOurs() {
            return namespace.equals(NAMESPACE);
        }
    }

    private interface Rule {
        boolean allows(Endpoint from, Endpoint to, int port);
    }

    /**
     * All connections that can be made to or from a pod of ours, such as {@code vote → redis:6379}; also those to another
     * pod of the same kind.
     */
    Set<String> edges() {
        return edges((from, to, port) -> allowsEgress(from, to, port) && allowsIngress(from, to, port));
    }

    /** Those that the caller's policies allow, whatever the other end's say. */
    Set<String> edgesByCaller() {
        return edges(this::allowsEgress);
    }

    /** Those that the listener's policies allow, whatever the other end's say. */
    Set<String> edgesByListener() {
        return edges(this::allowsIngress);
    }

    private Set<String> edges(Rule rule) {
        var edges = new TreeSet<String>();
        for (var from : callers) {
            for (var to : listeners) {
                for (var port : to.ports().values()) {
                    if ((from.isOurs() || to.isOurs()) && rule.allows(from, to, port)) {
                        edges.add(from.name() + " → " + to.name() + ":" + port);
                    }
                }
            }
        }
        return edges;
    }

    private boolean allowsEgress(Endpoint from, Endpoint to, int port) {
        return allows(
                "Egress",
                from,
                policy -> policy.getSpec().getEgress().stream()
                        .anyMatch(rule -> isPeer(rule.getTo(), to) && isPort(rule.getPorts(), to, port)));
    }

    private boolean allowsIngress(Endpoint from, Endpoint to, int port) {
        return allows(
                "Ingress",
                to,
                policy -> policy.getSpec().getIngress().stream()
                        .anyMatch(rule -> isPeer(rule.getFrom(), from) && isPort(rule.getPorts(), to, port)));
    }

    private boolean allows(String direction, Endpoint endpoint, Function<NetworkPolicy, Boolean> rule) {
        var selecting = policies.stream()
                .filter(policy -> policy.getSpec().getPolicyTypes().contains(direction))
                .filter(policy -> endpoint.isOurs() && matches(policy.getSpec().getPodSelector(), endpoint.labels()))
                .toList();
        return selecting.isEmpty() || selecting.stream().anyMatch(rule::apply);
    }

    /** Of pods of this namespace, unless the peer names another. */
    private static boolean isPeer(List<NetworkPolicyPeer> peers, Endpoint endpoint) {
        return peers.isEmpty() || peers.stream().anyMatch(peer -> isPeer(peer, endpoint));
    }

    private static boolean isPeer(NetworkPolicyPeer peer, Endpoint endpoint) {
        if (peer.getIpBlock() != null) {
            throw new UnsupportedOperationException("Addresses are no part of this model");
        }
        var namespace = peer.getNamespaceSelector() == null
                ? endpoint.isOurs()
                : matches(peer.getNamespaceSelector(), Map.of("kubernetes.io/metadata.name", endpoint.namespace()));
        return namespace && (peer.getPodSelector() == null || matches(peer.getPodSelector(), endpoint.labels()));
    }

    private static boolean isPort(List<NetworkPolicyPort> ports, Endpoint endpoint, int port) {
        return ports.isEmpty() || ports.stream().anyMatch(allowed -> number(allowed.getPort(), endpoint) == port);
    }

    private static int number(IntOrString port, Endpoint endpoint) {
        return port.getIntVal() != null ? port.getIntVal() : endpoint.ports().getOrDefault(port.getStrVal(), -1);
    }

    static boolean matches(LabelSelector selector, Map<String, String> labels) {
        return labels.entrySet().containsAll(selector.getMatchLabels().entrySet())
                && selector.getMatchExpressions().stream().allMatch(expression -> switch (expression.getOperator()) {
                    case "In" -> expression.getValues().contains(labels.get(expression.getKey()));
                    default -> throw new UnsupportedOperationException(expression.getOperator());
                });
    }
}
