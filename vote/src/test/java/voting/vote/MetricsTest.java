package voting.vote;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import org.junit.jupiter.api.Test;

/** Prometheus is told what became of votes, and how long that took. */
class MetricsTest {

    private final VoteServer server = VoteServer.shared();

    @Test
    void whatIsExposedIsWhatTheTableSays() throws IOException {
        server.postForm("vote=cats");

        MetricsTable.assertDescribes(scrape(), "vote");
    }

    @Test
    void eachVoteIsCountedUnderWhatBecameOfIt() {
        var accepted = server.metric("votes_accepted_total{option=\"dogs\"}");
        var roundTrips = server.metric("vote_append_round_trip_seconds_count");
        var invalid = refused("invalid");
        var foreign = refused("foreign");
        var tooLarge = refused("too_large");
        var notConfirmed = refused("not_confirmed");

        server.postForm("vote=dogs");
        server.postForm("vote=birds");
        server.postJson("{");
        server.postJson("{\"choice\":\"dogs\"}", "Sec-Fetch-Site", "cross-site");
        server.postForm("vote=" + "x".repeat(BodyLimitFilter.LIMIT_BYTES));
        server.link().fail(FaultyLink.Fault.REFUSING);
        server.postForm("vote=dogs");
        server.link().heal();

        assertThat(server.metric("votes_accepted_total{option=\"dogs\"}")).isEqualTo(accepted + 1);
        assertThat(server.metric("vote_append_round_trip_seconds_count")).isEqualTo(roundTrips + 1);
        assertThat(refused("invalid")).isEqualTo(invalid + 2);
        assertThat(refused("foreign")).isEqualTo(foreign + 1);
        assertThat(refused("too_large")).isEqualTo(tooLarge + 1);
        assertThat(refused("not_confirmed")).isEqualTo(notConfirmed + 1);
    }

    @Test
    void whatIsNoVoteIsNoRefusedVote() {
        var invalid = refused("invalid");

        server.get("/?vote=birds");
        server.send(
                server.request("/api/poll", "Content-Type", "text/plain").POST(BodyPublishers.ofString("vote=birds")));

        assertThat(refused("invalid")).isEqualTo(invalid);
    }

    private double refused(String reason) {
        return server.metric("votes_refused_total{reason=\"" + reason + "\"}");
    }

    private String scrape() {
        return server.management("/actuator/prometheus").body();
    }
}
