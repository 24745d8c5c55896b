package voting.kubernetes;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/** The kubectl of this machine; tests are skipped where there is none, unless {@code KUBECTL} names one. */
final class Kubectl implements ExecutionCondition {

    /** What a command said, and whether it went well. */
    record Answer(int status, String output, String error) {}

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        return System.getenv("KUBECTL") != null || isOnPath()
                ? ConditionEvaluationResult.enabled("kubectl is there")
                : ConditionEvaluationResult.disabled("There is no kubectl to render the manifests with");
    }

    static Answer kustomize(Path directory) {
        try {
            var error = Files.createTempFile("kubectl", ".err");
            var command = System.getenv().getOrDefault("KUBECTL", "kubectl");
            var process = new ProcessBuilder(List.of(command, "kustomize", directory.toString()))
                    .redirectError(error.toFile())
                    .start();
            var output = new String(process.getInputStream().readAllBytes());
            var answer = new Answer(process.waitFor(), output, Files.readString(error));
            Files.delete(error);
            return answer;
        } catch (IOException e) {
            throw new IllegalStateException("kubectl does not start", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted", e);
        }
    }

    private static boolean isOnPath() {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(directory -> Files.isExecutable(Path.of(directory, "kubectl")));
    }
}
