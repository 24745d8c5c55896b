package voting.kubernetes;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What can be deployed. Rendered once from a copy, in which there are passwords. */
enum Overlay {
    DEMO,
    PRODUCTION;

    static final List<String> PASSWORDS =
            List.of("redis_password", "postgres_password", "postgres_worker_password", "postgres_result_password");

    private Manifests manifests;

    synchronized Manifests manifests() {
        if (manifests == null) {
            var copy = copy(Path.of("target", "manifests"));
            for (var name : PASSWORDS) {
                write(copy.resolve("components/secrets").resolve(name), "a password");
            }
            var answer = render(copy);
            if (answer.status() != 0) {
                throw new IllegalStateException(answer.error());
            }
            manifests = Manifests.of(answer.output());
        }
        return manifests;
    }

    Kubectl.Answer render(Path manifests) {
        return Kubectl.kustomize(manifests.resolve("overlays").resolve(name().toLowerCase()));
    }

    /** Of what Kustomize reads; passwords of the machine's owner are none of our business. */
    static Path copy(Path to) {
        try (var files = Files.walk(Repository.MANIFESTS)) {
            for (var file : files.filter(Files::isRegularFile).toList()) {
                var path = Repository.MANIFESTS.relativize(file);
                if (path.startsWith("base")
                        || path.startsWith("stores")
                        || path.startsWith("overlays")
                        || path.startsWith("components")
                                && !PASSWORDS.contains(path.getFileName().toString())) {
                    Files.createDirectories(to.resolve(path).getParent());
                    Files.write(to.resolve(path), Files.readAllBytes(file));
                }
            }
            return to;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void write(Path file, String text) {
        try {
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
