package voting.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The manifests are what the API takes, and passwords are not among them. */
@ExtendWith(Kubectl.class)
class SchemaTest {

    /** Kinds of operators; their fields were held against the operators' own definitions by hand. */
    private static final Set<String> CUSTOM = Set.of(
            "monitoring.coreos.com/v1/PodMonitor",
            "postgresql.cnpg.io/v1/Cluster",
            "redis.redis.opstreelabs.in/v1beta2/Redis");

    @ParameterizedTest
    @EnumSource
    void everyFieldIsOneThatTheApiKnows(Overlay overlay) {
        assertThat(overlay.manifests().objects()).hasSizeGreaterThan(20);
    }

    @ParameterizedTest
    @ValueSource(strings = {"replica: 2", "replicas: '2'"})
    void whatTheApiDoesNotKnowIsFound(String mistake) {
        assertThatThrownBy(() -> Manifests.of("""
                        apiVersion: apps/v1
                        kind: Deployment
                        metadata: { name: vote }
                        spec: { %s }
                        """.formatted(mistake))).hasMessageContaining("replica");
    }

    @Test
    void demoNeedsNothingThatAnOperatorBrings() {
        assertThat(Overlay.DEMO.manifests().custom()).isEmpty();
    }

    @Test
    void productionNamesTheOperatorsThatItNeeds() {
        var kinds = new TreeSet<String>();
        Overlay.PRODUCTION
                .manifests()
                .custom()
                .forEach(document -> kinds.add(document.get("apiVersion") + "/" + document.get("kind")));
        assertThat(kinds).isEqualTo(new TreeSet<>(CUSTOM));
    }

    @ParameterizedTest
    @EnumSource
    void missingPasswordStopsTheDeploymentAndIsNamed(Overlay overlay, @TempDir Path directory) throws Exception {
        var copy = Overlay.copy(directory);
        for (var missing : Overlay.PASSWORDS) {
            for (var name : Overlay.PASSWORDS) {
                Files.writeString(copy.resolve("components/secrets").resolve(name), "a password");
            }
            Files.delete(copy.resolve("components/secrets").resolve(missing));
            var answer = overlay.render(copy);
            assertThat(answer.status()).isNotZero();
            assertThat(answer.error()).contains(missing, "no such file");
        }
    }

    @Test
    void gitIgnoresThePasswords() throws Exception {
        var directory = Repository.MANIFESTS.resolve("components/secrets");
        assertThat(Files.readAllLines(directory.resolve(".gitignore")))
                .isEqualTo(List.of("*", "!.gitignore", "!kustomization.yaml"));
    }
}
