package voting.vote;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import voting.vote.RawConnection.Answer;

/**
 * Whatever is sent, no answer is an error of ours or tells about us, valid votes among it are acknowledged, and the
 * streams hold the acknowledged ballots and nothing else. The seed of a failure is in its report.
 */
class VoteFuzzTest {

    private static final Set<String> OPTIONS = Set.of("cats", "dogs");
    private static final String CHOICE = "choice";

    private static VoteServer server;
    private static RawConnection connection;
    private static LogWatch log;
    private static int seriesBefore;
    private static List<Acknowledged> acknowledged;

    /** @param ballotId null where the test leaves it to the service */
    private record Acknowledged(String ballotId, String choice) {}

    private record Field(String name, String value) {}

    private record Header(String name, String value) {
        @Override
        public String toString() {
            return name + ": " + value + "\r\n";
        }
    }

    @BeforeContainer
    static void start() {
        TestRedis.shared().clear();
        syncToDisk("no"); // a slow disk would be answered with 503, which is not the question here
        server = VoteServer.start();
        connection = new RawConnection(server.port());
        log = new LogWatch();
        acknowledged = new ArrayList<>();
        server.get("/");
        seriesBefore = series();
    }

    @AfterContainer
    static void streamsHoldTheAcknowledgedBallotsAndNothingElse() throws IOException {
        connection.close();
        var entries = TestRedis.shared().entries();
        var seriesAfter = series();
        log.close();
        server.close();
        syncToDisk("always");

        assertThat(entries).allSatisfy(entry -> {
            assertThat(entry.fields()).isEqualTo(2);
            assertThat(VoterCookies.parseId(entry.ballotId())).isPresent();
            assertThat(entry.choice()).isIn(OPTIONS);
        });
        assertThat(entries).hasSameSizeAs(acknowledged);
        assertThat(counted(entries.stream()
                        .map(entry -> new Acknowledged(entry.ballotId(), entry.choice()))
                        .toList()))
                .containsAllEntriesOf(counted(acknowledged.stream()
                        .filter(ballot -> ballot.ballotId() != null)
                        .toList()));
        assertThat(log.offences()).isEmpty();
        // A series for every path or method that somebody makes up would fill the memory.
        assertThat(seriesAfter - seriesBefore).isLessThan(200);
    }

    @Provide
    Arbitrary<List<Field>> fields() {
        var field = Combinators.combine(
                        Arbitraries.frequencyOf(
                                Tuple.of(6, Arbitraries.just("vote")),
                                Tuple.of(1, Arbitraries.of("ballot_id", "Vote", "vote[]", " vote", "_method")),
                                Tuple.of(1, Hostile.text().filter(name -> !name.isEmpty()))),
                        Arbitraries.frequencyOf(Tuple.of(4, Arbitraries.of(OPTIONS)), Tuple.of(1, Hostile.text())))
                .as(Field::new);
        return field.list().ofMinSize(1).ofMaxSize(3);
    }

    /** However its characters are encoded. */
    @Property
    void formIsAVoteExactlyWhenItNamesOneOption(
            @ForAll("fields") List<Field> fields, @ForAll("charsets") String charset, @ForAll("randoms") Random random)
            throws IOException {
        var voter = VoterCookies.newId().toString();
        var body = fields.stream()
                .map(field -> encoded(field.name, random) + "=" + encoded(field.value, random))
                .collect(Collectors.joining("&"));

        var answer = exchange("POST", "/", "application/x-www-form-urlencoded" + charset, body, cookie(voter));

        var votes = fields.stream().filter(field -> field.name.equals("vote")).toList();
        var isVote = votes.size() == 1
                && OPTIONS.contains(votes.getFirst().value)
                && fields.stream()
                                .filter(field -> field.name.equals("ballot_id"))
                                .count()
                        < 2;
        assertThat(answer.status()).isEqualTo(isVote ? 303 : 400);
        if (isVote) {
            acknowledged.add(new Acknowledged(voter, votes.getFirst().value));
        }
    }

    @Property
    void formOfAnyBytesIsAVoteOrRefused(@ForAll("hostileForms") String body, @ForAll("hostileCharsets") String charset)
            throws IOException {
        var voter = VoterCookies.newId().toString();

        var answer = exchange("POST", "/", "application/x-www-form-urlencoded;charset=" + charset, body, cookie(voter));

        assertThat(answer.status()).isIn(303, 400, 413, 415);
        noteIfAcknowledged(answer);
    }

    @Provide
    Arbitrary<String> charsets() {
        return Arbitraries.of("", ";charset=utf-8", "; charset=\"UTF-8\"");
    }

    @Provide
    Arbitrary<Random> randoms() {
        return Arbitraries.randoms();
    }

    @Provide
    Arbitrary<String> hostileCharsets() {
        return Arbitraries.oneOf(Arbitraries.of("utf-16", "utf-7", "ibm037", "iso-8859-1", "none"), Hostile.line());
    }

    @Provide
    Arbitrary<String> hostileForms() {
        return Arbitraries.oneOf(
                Hostile.text(),
                Hostile.bytes(200),
                Hostile.damaged(Arbitraries.of("vote=cats", "vote=dogs&ballot_id=1")));
    }

    /** A member of an object: the text of its name and of its value. */
    @Provide
    Arbitrary<List<Field>> members() {
        var value = Arbitraries.frequencyOf(
                Tuple.of(4, Arbitraries.of("\"cats\"", "\"dogs\"", "\"c\\u0061ts\"")),
                Tuple.of(
                        2,
                        Arbitraries.of(
                                "null",
                                "true",
                                "0",
                                "-1e999",
                                "1".repeat(900),
                                "[]",
                                "{}",
                                "[\"cats\"]",
                                "{\"a\":1}",
                                "\"\"",
                                "\"Cats\"",
                                "\"\\u0000\"",
                                "\"\\ud800\"",
                                "[".repeat(400) + "]".repeat(400),
                                "{\"a\":1,\"b\":[{\"c\":null}]}",
                                "\"" + "x".repeat(3_000) + "\"")));
        return Combinators.combine(
                        Arbitraries.frequency(
                                Tuple.of(4, CHOICE), Tuple.of(1, "Choice"), Tuple.of(1, "x"), Tuple.of(1, "y")),
                        value)
                .as(Field::new)
                .list()
                .ofMaxSize(3);
    }

    @Property
    void jsonIsAVoteExactlyWhenItsChoiceIsAnOption(
            @ForAll("members") List<Field> members, @ForAll("blanks") String blank) throws IOException {
        var voter = VoterCookies.newId().toString();
        var json = members.stream()
                .map(member -> "\"" + member.name + "\"" + blank + ":" + blank + member.value)
                .collect(Collectors.joining(",", blank + "{", "}" + blank));

        var answer = exchange("POST", "/api/votes", "application/json", json, cookie(voter));

        var names = members.stream().map(Field::name).toList();
        var choice = members.stream()
                .filter(member -> member.name.equals(CHOICE))
                .map(member -> member.value.replace("\\u0061", "a").replace("\"", ""))
                .findFirst()
                .orElse("");
        var isVote = Set.copyOf(names).size() == names.size() && OPTIONS.contains(choice);
        assertThat(answer.status()).isIn(isVote ? Set.of(202) : Set.of(400, 413));
        if (isVote) {
            acknowledged.add(new Acknowledged(voter, choice));
            assertThat(answer.body()).isEqualTo("{\"ballotId\":\"%s\",\"choice\":\"%s\"}".formatted(voter, choice));
        }
    }

    @Provide
    Arbitrary<String> blanks() {
        return Arbitraries.of("", " ", "\t\r\n ");
    }

    @Property
    void jsonOfAnyBytesIsAVoteOrRefused(@ForAll("hostileJson") String body, @ForAll("jsonTypes") String type)
            throws IOException {
        var answer = exchange("POST", "/api/votes", type, body, "");

        assertThat(answer.status()).isIn(202, 400, 413, 415);
        noteIfAcknowledged(answer);
    }

    @Provide
    Arbitrary<String> hostileJson() {
        return Arbitraries.oneOf(
                Hostile.text(),
                Hostile.bytes(200),
                Hostile.damaged(Arbitraries.of(
                        "{\"choice\":\"cats\"}",
                        "{\"choice\":\"dogs\",\"ballotId\":\"3f2504e0-4f89-41d3-9a0c-0305e82c3301\",\"x\":[1,{}]}")));
    }

    @Provide
    Arbitrary<String> jsonTypes() {
        return Arbitraries.frequencyOf(
                Tuple.of(4, Arbitraries.just("application/json")),
                Tuple.of(1, Hostile.line().map(parameter -> "application/json;" + parameter)),
                Tuple.of(1, Hostile.line()));
    }

    @Provide
    Arbitrary<List<Header>> headers() {
        var name = Arbitraries.of(
                "Cookie",
                "Cookie",
                "Accept",
                "Accept-Language",
                "Accept-Encoding",
                "Accept-Charset",
                "Content-Type",
                "Origin",
                "Sec-Fetch-Site",
                "X-Request-ID",
                "X-Forwarded-For",
                "X-Forwarded-Proto",
                "X-Forwarded-Host",
                "X-Forwarded-Port",
                "X-Forwarded-Prefix",
                "Forwarded",
                "X-HTTP-Method-Override",
                "Referer",
                "Range",
                "If-None-Match",
                "If-Modified-Since",
                "Upgrade",
                "Expect",
                "Authorization",
                "User-Agent",
                "traceparent");
        return Combinators.combine(name, Hostile.line()).as(Header::new).list().ofMaxSize(4);
    }

    @Property
    void headersOfAnyBytesAreNoReasonToFail(
            @ForAll("headers") List<Header> headers, @ForAll("requests") Request request) throws IOException {
        var lines = headers.stream().map(Header::toString).collect(Collectors.joining());

        var answer = exchange(request.method, request.path, request.type, request.body, lines);

        assertThat(answer.status()).isIn(200, 202, 206, 303, 304, 400, 403, 406, 415, 416, 417);
        noteIfAcknowledged(answer);
    }

    private record Request(String method, String path, String type, String body) {}

    @Provide
    Arbitrary<Request> requests() {
        return Arbitraries.of(
                new Request("GET", "/", "", ""),
                new Request("GET", "/style.css", "", ""),
                new Request("GET", "/api/poll", "", ""),
                new Request("POST", "/", "application/x-www-form-urlencoded", "vote=cats"),
                new Request("POST", "/api/votes", "application/json", "{\"choice\":\"dogs\"}"));
    }

    @Property
    void anyPathIsAPageOfOursOrNotFound(@ForAll("methods") String method, @ForAll("paths") String path)
            throws IOException {
        var answer = exchange(method, path, "", "", "");

        assertThat(answer.status()).isIn(200, 302, 303, 400, 403, 404, 405, 406, 415, 501);
        assertThat(answer.body()).doesNotContain("spring.application.name", "root:x:", "<web-app");
    }

    @Provide
    Arbitrary<String> methods() {
        return Arbitraries.frequency(
                Tuple.of(8, "GET"),
                Tuple.of(1, "HEAD"),
                Tuple.of(1, "POST"),
                Tuple.of(1, "OPTIONS"),
                Tuple.of(1, "TRACE"),
                Tuple.of(1, "PUT"),
                Tuple.of(1, "VOTE"),
                Tuple.of(1, "get"));
    }

    @Provide
    Arbitrary<String> paths() {
        var start = Arbitraries.of("/", "/", "/api/", "/error", "/style.css", "//", "*", "http://a", "http://a/");
        return Combinators.combine(start, Hostile.line()).as((first, rest) -> first + rest.replace(' ', '/'));
    }

    /** Some of it is still a request, and the vote in it counts. */
    @Property
    void bytesThatAreHardlyHttpAreAnsweredOrCutOff(@ForAll("damagedRequests") String bytes) throws IOException {
        for (var answer : connection.sendAndFinish(bytes)) {
            assertHarmless(answer, Set.of(501, 505)); // "I do not know this encoding, this version" is right
            noteIfAcknowledged(answer);
        }
    }

    @Provide
    Arbitrary<String> damagedRequests() {
        return Arbitraries.frequencyOf(
                Tuple.of(1, Hostile.bytes(300)),
                Tuple.of(
                        4,
                        Hostile.damaged(Arbitraries.of(
                                "GET / HTTP/1.1\r\nHost: a\r\nCookie: voter_choice=cats\r\nAccept-Language: fr\r\n\r\n",
                                request("POST", "/", "application/x-www-form-urlencoded", "vote=cats", ""),
                                request("POST", "/api/votes", "application/json", "{\"choice\":\"cats\"}", ""),
                                "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                                        + "Transfer-Encoding: chunked\r\n\r\n9\r\nvote=cats\r\n0\r\n\r\n"))));
    }

    private static Answer exchange(String method, String path, String type, String body, String headers)
            throws IOException {
        var answer = connection.exchange(request(method, path, type, body, headers));
        assertHarmless(answer, Set.of());
        return answer;
    }

    private static String request(String method, String path, String type, String body, String headers) {
        return "%s %s HTTP/1.1\r\nHost: a\r\n%s%sContent-Length: %d\r\n\r\n%s"
                .formatted(
                        method,
                        path,
                        type.isEmpty() ? "" : new Header("Content-Type", type),
                        headers,
                        body.length(),
                        body);
    }

    private static String cookie(String voter) {
        return new Header("Cookie", "voter_id=" + voter).toString();
    }

    private static void noteIfAcknowledged(Answer answer) {
        if (!isAcknowledgement(answer)) {
            return;
        }
        var choice = answer.header("set-cookie").stream()
                .filter(cookie -> cookie.startsWith("voter_choice="))
                .map(cookie -> cookie.substring("voter_choice=".length(), cookie.indexOf(';')))
                .toList();
        assertThat(choice).singleElement().isIn(OPTIONS);
        acknowledged.add(new Acknowledged(null, choice.getFirst()));
    }

    private static boolean isAcknowledgement(Answer answer) {
        return answer.status() == 303 || answer.status() == 202;
    }

    private static void assertHarmless(Answer answer, Set<Integer> errors) {
        if (!errors.contains(answer.status())) {
            assertThat(answer.status()).isLessThan(500);
        }
        BadRequestTest.assertTellsNothingAboutUs(answer.body());
        assertThat(answer.body()).doesNotContain(Hostile.MARKUP);
        assertThat(answer.header("x-injected")).isEmpty();
        assertThat(answer.header("location")).isSubsetOf("./");
        assertThat(answer.header("server")).isEmpty();
        if (!isAcknowledgement(answer)) {
            assertThat(answer.header("set-cookie")).noneMatch(cookie -> cookie.startsWith("voter_choice="));
        }
    }

    private static String encoded(String text, Random random) {
        var encoded = new StringBuilder();
        for (var value : text.getBytes(UTF_8)) {
            var character = (char) (value & 0xff);
            if ((character < 128 && Character.isLetterOrDigit(character)) && random.nextInt(4) > 0) {
                encoded.append(character);
            } else if (character == ' ' && random.nextBoolean()) {
                encoded.append('+');
            } else {
                encoded.append((random.nextBoolean() ? "%%%02x" : "%%%02X").formatted((int) character));
            }
        }
        return encoded.toString();
    }

    private static Map<Acknowledged, Long> counted(List<Acknowledged> ballots) {
        return ballots.stream().collect(Collectors.groupingBy(ballot -> ballot, Collectors.counting()));
    }

    private static void syncToDisk(String when) {
        try (var redis = TestRedis.shared().connect()) {
            redis.configSet("appendfsync", when);
        }
    }

    /** Buckets are not counted: each histogram has its dozen. */
    private static int series() {
        return (int) server.management("/actuator/prometheus")
                .body()
                .lines()
                .filter(line -> !line.contains("_bucket{"))
                .count();
    }
}
