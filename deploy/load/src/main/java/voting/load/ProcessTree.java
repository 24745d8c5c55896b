package voting.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.ToLongFunction;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A process and all that descend from it, as Linux accounts for them in /proc; on other systems all is 0. */
final class ProcessTree {

    /** USER_HZ, which has been 100 on every Linux for Java. */
    private static final double TICKS_PER_SECOND = 100;

    /** In /proc/…/stat after the name: user and system time of the process, and of its children that have ended. */
    private static final List<Integer> TIMES = List.of(11, 12, 13, 14);

    private static final Pattern MEMORY = Pattern.compile("(?m)^(RssAnon|RssShmem):\\s+(\\d+) kB$");

    private final long root;
    private final double cpuSecondsBefore;
    private long peakMemory;

    ProcessTree(long root) {
        this.root = root;
        this.cpuSecondsBefore = cpuSecondsEver();
    }

    /** Since this object was made. */
    double cpuSeconds() {
        return cpuSecondsEver() - cpuSecondsBefore;
    }

    /** To be called regularly: the peak is the largest that was seen. */
    void sampleMemory() {
        peakMemory = Math.max(peakMemory, memory());
    }

    long peakMemory() {
        return peakMemory;
    }

    String commandLine() {
        return read(root, "cmdline")
                .map(line -> line.replace('\0', ' ').strip())
                .orElse("");
    }

    private double cpuSecondsEver() {
        return sum(process -> read(process, "stat").map(ProcessTree::ticks).orElse(0L)) / TICKS_PER_SECOND;
    }

    private static long ticks(String stat) {
        var fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return TIMES.stream().mapToLong(field -> Long.parseLong(fields[field])).sum();
    }

    /**
     * What is each process's own, and once what they share: the buffers of Postgres would count in each of its sessions.
     * Not the pages of files, which the system takes back when it needs them.
     */
    private long memory() {
        var own = sum(process -> kilobytes(process, "RssAnon"));
        var shared = processes()
                .mapToLong(process -> kilobytes(process, "RssShmem"))
                .max()
                .orElse(0);
        return (own + shared) * 1024;
    }

    private static long kilobytes(long process, String name) {
        return read(process, "status").stream()
                .flatMap(status -> MEMORY.matcher(status).results())
                .filter(result -> result.group(1).equals(name))
                .mapToLong(result -> Long.parseLong(result.group(2)))
                .sum();
    }

    private long sum(ToLongFunction<Long> amount) {
        return processes().mapToLong(amount::applyAsLong).sum();
    }

    private Stream<Long> processes() {
        return ProcessHandle.of(root).stream()
                .flatMap(process -> Stream.concat(Stream.of(process), process.descendants()))
                .map(ProcessHandle::pid);
    }

    private static Optional<String> read(long process, String file) {
        try {
            return Optional.of(Files.readString(Path.of("/proc", Long.toString(process), file)));
        } catch (IOException e) {
            return Optional.empty(); // it has ended meanwhile
        }
    }
}
