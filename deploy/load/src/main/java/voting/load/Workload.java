package voting.load;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import voting.load.Request.Kind;

/** What is asked for, request after request: the mix, drawn from the seed. */
final class Workload {

    private static final String VOTER = "00000000-0000-4000-8000-000000000000";

    private final Mix mix;
    private final SplittableRandom random;
    private final Voters voters;
    private final byte[] page;
    private final byte[] result;
    private final Map<String, Template> forms;

    Workload(Mix mix, Endpoint voteServer, Endpoint resultServer, List<String> options, long seed) {
        this.mix = mix;
        this.random = new SplittableRandom(~seed);
        this.voters = new Voters(options, seed);
        this.page = get(voteServer, "/");
        this.result = get(resultServer, "/api/results");
        this.forms = options.stream().collect(Collectors.toMap(option -> option, option -> form(voteServer, option)));
    }

    Request next(long intendedNanos) {
        var drawn = mix.kindAt(random.nextDouble(100));
        // At the very start nobody can change a vote.
        var kind = drawn == Kind.CHANGED_VOTE && voters.count() == 0 ? Kind.NEW_VOTE : drawn;
        return switch (kind) {
            case NEW_VOTE -> vote(kind, voters.first(), intendedNanos);
            case CHANGED_VOTE -> vote(kind, voters.changed(), intendedNanos);
            case PAGE -> new Request(kind, page, intendedNanos, null, null);
            case RESULT -> new Request(kind, result, intendedNanos, null, null);
        };
    }

    private Request vote(Kind kind, Voters.Vote vote, long intendedNanos) {
        var bytes = forms.get(vote.choice()).with(vote.ballotId().toString());
        return new Request(kind, bytes, intendedNanos, vote.ballotId(), vote.choice());
    }

    static byte[] get(Endpoint server, String path) {
        return "GET %s%s HTTP/1.1\r\nHost: %s\r\n\r\n"
                .formatted(server.prefix(), path, server.authority())
                .getBytes(US_ASCII);
    }

    private static Template form(Endpoint server, String option) {
        var body = "vote=" + option;
        var text = """
                POST %s/ HTTP/1.1\r
                Host: %s\r
                Cookie: voter_id=%s\r
                Content-Type: application/x-www-form-urlencoded\r
                Content-Length: %d\r
                \r
                %s""".formatted(server.prefix(), server.authority(), VOTER, body.length(), body);
        return new Template(text.getBytes(US_ASCII), text.indexOf(VOTER));
    }

    /** A vote is copied and not put together: with a million of them that shows. */
    private record Template(byte[] bytes, int voterAt) {

        byte[] with(String voter) {
            var request = bytes.clone();
            for (int i = 0; i < VOTER.length(); i++) {
                request[voterAt + i] = (byte) voter.charAt(i);
            }
            return request;
        }
    }
}
