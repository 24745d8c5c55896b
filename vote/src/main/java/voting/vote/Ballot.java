package voting.vote;

import java.util.UUID;

/**
 * One vote on its way to the streams.
 *
 * @param ballotId whose vote it is: a later ballot with the same id replaces the earlier one
 * @param choice id of one of the poll's options
 */
record Ballot(UUID ballotId, String choice) {}
