package voting.chaos;

import java.net.URI;
import java.util.Optional;
import voting.chaos.Fault.Kind;
import voting.load.StoredReader;

/** A running system that can be hurt: where a campaign takes place. */
interface Stage extends AutoCloseable {

    /** Whether this kind of fault can strike this target here. */
    boolean offers(Kind kind, Target target);

    /** Why some faults are not offered, or empty. */
    Optional<String> limits();

    /** The cause is there. */
    void strike(Fault fault);

    /** The cause is gone; the system is to recover by itself. */
    void heal(Fault fault);

    /** Where voters vote. */
    URI vote();

    URI result();

    /** Past all faulty connections, for poison. */
    URI redis();

    /** Past all faulty connections, for the verifier. */
    StoredReader stored();

    @Override
    void close();
}
