package voting.vote;

import java.time.Instant;

/** Why no ballot can be confirmed, and since when. */
record Outage(Instant since, String reason) {}
