package voting.load;

import java.util.UUID;

/**
 * One request of the plan.
 *
 * @param bytes as they go to the server
 * @param intendedNanos when it is due, as {@link System#nanoTime}: latency counts from here, however late it is sent
 * @param ballotId of a vote; null otherwise
 * @param choice of a vote; null otherwise
 */
record Request(Kind kind, byte[] bytes, long intendedNanos, UUID ballotId, String choice) {

    enum Kind {
        /** {@code POST /} by somebody who has not voted before. */
        NEW_VOTE(303),
        /** {@code POST /} by somebody who takes another option. */
        CHANGED_VOTE(303),
        /** {@code GET /} of vote. */
        PAGE(200),
        /** {@code GET /api/results}. */
        RESULT(200);

        private final int success;

        Kind(int success) {
            this.success = success;
        }

        boolean isSuccess(int status) {
            return status == success;
        }

        boolean isVote() {
            return this == NEW_VOTE || this == CHANGED_VOTE;
        }
    }
}
