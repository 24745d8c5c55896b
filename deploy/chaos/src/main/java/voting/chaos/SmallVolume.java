package voting.chaos;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file system of limited size in memory, which can be filled to its last byte. Mounting it takes root. */
final class SmallVolume implements AutoCloseable {

    /** For an hour of votes. Only what is in use takes memory. */
    private static final String SIZE = "size=1g,mode=0700";

    private final Path directory;

    private SmallVolume(Path directory) {
        this.directory = directory;
    }

    static boolean isPossible() {
        return run("sh", "-c", "[ $(id -u) = 0 ] && [ $(uname) = Linux ] && command -v mount") == 0;
    }

    static SmallVolume mount(Path directory) {
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot create " + directory, e);
        }
        if (run("mount", "-t", "tmpfs", "-o", SIZE, "tmpfs", directory.toString()) != 0) {
            throw new IllegalStateException("Cannot mount a file system of its own at " + directory);
        }
        return new SmallVolume(directory);
    }

    /** What an earlier run that was killed has left. */
    static void unmount(Path directory) {
        run("umount", directory.toString());
    }

    void fill() {
        var block = new byte[1 << 20];
        try (var file = new FileOutputStream(ballast().toFile())) {
            while (true) {
                file.write(block);
            }
        } catch (IOException full) {
            // That is what it is for.
        }
    }

    void free() {
        try {
            Files.deleteIfExists(ballast());
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot delete " + ballast(), e);
        }
    }

    @Override
    public void close() {
        unmount(directory);
    }

    private Path ballast() {
        return directory.resolve("ballast");
    }

    private static int run(String... command) {
        try {
            return new ProcessBuilder(command)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .onExit()
                    .join()
                    .exitValue();
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot run " + command[0], e);
        }
    }
}
