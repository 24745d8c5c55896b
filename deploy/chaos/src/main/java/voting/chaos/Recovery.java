package voting.chaos;

import java.time.Duration;
import java.util.Optional;
import voting.chaos.Fault.Kind;

/**
 * How the system got over one fault.
 *
 * @param struck when its cause was there, after the beginning of the campaign
 * @param healed when its cause was gone: the process was to be started again, went on, the connection worked
 * @param useful when the use that it had ended was there again; empty when it never was
 */
record Recovery(Fault fault, Duration struck, Duration healed, Optional<Duration> useful) {

    Use use() {
        return fault.kind() == Kind.POISON ? Use.COUNTING : fault.target().use();
    }

    /** From the moment that the cause was gone. */
    Optional<Long> millis() {
        return useful.map(moment -> moment.minus(healed).toMillis());
    }

    /** Whether another fault delayed this recovery, or may have. */
    boolean isDisturbedBy(Recovery other) {
        return other.fault.number() != fault.number()
                && other.fault.kind() != Kind.POISON
                && use().needs(other.fault.target())
                && other.struck.compareTo(end()) < 0
                && struck.compareTo(other.end()) < 0;
    }

    private Duration end() {
        return useful.orElse(healed);
    }
}
