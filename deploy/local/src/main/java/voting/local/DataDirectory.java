package voting.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.UUID;

/**
 * Where one running system keeps everything it writes: the data of Postgres and Redis, logs and temporary files.
 *
 * <p>Held by one system at a time, through a file lock that ends with the process. A temporary one is deleted on close; of
 * a lasting one only the temporary files are.
 */
final class DataDirectory implements AutoCloseable {

    private final Path path;
    private final boolean temporary;
    private final FileChannel lock;

    private DataDirectory(Path path, boolean temporary) throws IOException {
        this.path = path.toAbsolutePath().normalize();
        this.temporary = temporary;
        this.lock = lock(Files.createDirectories(this.path));
        delete(scratch());
        Files.createDirectories(scratch());
        Files.createDirectories(logs());
    }

    static DataDirectory temporary(Path parent) {
        try {
            return new DataDirectory(Files.createTempDirectory(parent, "system-"), true);
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot write to " + parent, e);
        }
    }

    static DataDirectory lasting(Path path) {
        try {
            return new DataDirectory(path, false);
        } catch (IOException e) {
            throw new LaunchException("Cannot write to %s: choose a directory of yours.".formatted(path), e);
        }
    }

    boolean isTemporary() {
        return temporary;
    }

    Path path() {
        return path;
    }

    Path redis() {
        return path.resolve("redis");
    }

    Path logs() {
        return path.resolve("logs");
    }

    /** Which votes these are, also after a restart: those in another directory are another poll's. */
    String pollId() {
        var file = path.resolve("poll-id");
        try {
            if (!Files.exists(file)) {
                Files.writeString(file, UUID.randomUUID().toString());
            }
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot write to " + path, e);
        }
    }

    /** For files that matter only while the system runs. */
    Path scratch() {
        return path.resolve("tmp");
    }

    @Override
    public void close() {
        try (lock) {
            delete(temporary ? path : scratch());
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot clean up " + path, e);
        }
    }

    private static FileChannel lock(Path directory) throws IOException {
        var channel = FileChannel.open(directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            if (channel.tryLock() != null) {
                return channel;
            }
        } catch (OverlappingFileLockException ignored) {
            // Held by another system in this very process: as taken as it would be by another process.
        }
        channel.close();
        throw new LaunchException(
                "%s is in use by a running demo: stop that one or choose another directory.".formatted(directory));
    }

    /** With all that is in it. */
    static void delete(Path directory) {
        if (!Files.exists(directory)) {
            return;
        }
        try (var files = Files.walk(directory)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot delete " + directory, e);
        }
    }
}
