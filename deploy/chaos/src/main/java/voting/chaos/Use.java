package voting.chaos;

import static voting.chaos.Target.BEAT;
import static voting.chaos.Target.NGINX;
import static voting.chaos.Target.POSTGRES;
import static voting.chaos.Target.REDIS;
import static voting.chaos.Target.RESULT;
import static voting.chaos.Target.RESULT_TO_POSTGRES;
import static voting.chaos.Target.VOTE;
import static voting.chaos.Target.VOTER_TO_VOTE;
import static voting.chaos.Target.VOTE_TO_REDIS;
import static voting.chaos.Target.WORKER;
import static voting.chaos.Target.WORKER_TO_POSTGRES;
import static voting.chaos.Target.WORKER_TO_REDIS;

import java.util.Set;

/** What the system is for; a fault is over when the use that it ended is there again. */
enum Use {
    /** A vote that was cast after the fault is acknowledged. */
    VOTING,
    /** A worker's position moves; for that, there must be votes. */
    COUNTING,
    /** The result service shows what it has just read from Postgres. */
    SHOWING,
    /** beat finishes an audit. */
    AUDITING;

    /** Whether it ends when that is struck. */
    boolean needs(Target target) {
        return switch (this) {
            case VOTING ->
                Set.of(VOTE, REDIS, NGINX, VOTER_TO_VOTE, VOTE_TO_REDIS).contains(target);
            case COUNTING ->
                VOTING.needs(target)
                        || Set.of(WORKER, POSTGRES, WORKER_TO_REDIS, WORKER_TO_POSTGRES)
                                .contains(target);
            case SHOWING -> Set.of(RESULT, POSTGRES, RESULT_TO_POSTGRES).contains(target);
            case AUDITING -> Set.of(BEAT, POSTGRES).contains(target);
        };
    }
}
