package voting.result;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.Map;
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
import voting.result.RawConnection.Answer;

/**
 * Whatever is sent, no answer is an error of ours or tells about us, and the tally is as it was. The seed of a failure is
 * in its report.
 */
class ResultFuzzTest {

    private static ResultServer server;
    private static RawConnection connection;
    private static LogWatch log;
    private static int seriesBefore;

    private record Header(String name, String value) {
        @Override
        public String toString() {
            return name + ": " + value + "\r\n";
        }
    }

    @BeforeContainer
    static void start() {
        ResultServer.cleared();
        server = ResultServer.start(Map.of());
        server.get("/");
        connection = new RawConnection(server.port());
        log = new LogWatch();
        seriesBefore = series();
    }

    @AfterContainer
    static void nothingHasChangedAndNothingWasLogged() throws IOException {
        connection.close();
        var total = server.total();
        var seriesAfter = series();
        log.close();
        server.close();

        assertThat(total).isZero();
        assertThat(log.offences()).isEmpty();
        // A series for every path or method that somebody makes up would fill the memory.
        assertThat(seriesAfter - seriesBefore).isLessThan(200);
    }

    @Property
    void anyPathIsAPageOfOursOrNotFound(@ForAll("methods") String method, @ForAll("paths") String path)
            throws IOException {
        var answer = exchange(method, path, "");

        assertThat(answer.status()).isIn(200, 400, 403, 404, 405, 406, 414, 415);
        assertThat(answer.body()).doesNotContain("spring.application.name", "root:x:");
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
        var start = Arbitraries.of(
                "/", "/", "/api/", "/api/results", "/style.css", "//", "*", "http://a", "http://a/", "/?", "/events/");
        return Combinators.combine(start, Hostile.line()).as((first, rest) -> first + rest.replace(' ', '/'));
    }

    @Provide
    Arbitrary<List<Header>> headers() {
        var name = Arbitraries.of(
                "Cookie",
                "Accept",
                "Accept-Language",
                "Accept-Encoding",
                "Accept-Charset",
                "Content-Type",
                "Origin",
                "Last-Event-ID",
                "X-Request-ID",
                "X-Forwarded-For",
                "X-Forwarded-Proto",
                "X-Forwarded-Host",
                "X-Forwarded-Port",
                "X-Forwarded-Prefix",
                "Forwarded",
                "X-HTTP-Method-Override",
                "Range",
                "If-None-Match",
                "If-Modified-Since",
                "Upgrade",
                "HTTP2-Settings",
                "Expect",
                "Authorization",
                "User-Agent",
                "traceparent");
        return Combinators.combine(name, Hostile.line()).as(Header::new).list().ofMaxSize(4);
    }

    @Property
    void headersOfAnyBytesAreNoReasonToFail(
            @ForAll("headers") List<Header> headers, @ForAll("pages") String path, @ForAll("methods") String method)
            throws IOException {
        var answer = exchange(method, path, lines(headers));

        assertThat(answer.status()).isIn(200, 206, 304, 400, 404, 405, 406, 413, 415, 416, 417, 431);
    }

    @Provide
    Arbitrary<String> pages() {
        return Arbitraries.of("/", "/style.css", "/api/results", "/nothing");
    }

    @Property
    void viewerIsSentEventsOrAnErrorWhateverItsHeaders(@ForAll("headers") List<Header> headers) throws IOException {
        var answer = connection.sendAndLeave("GET /events HTTP/1.1\r\nHost: a\r\n" + lines(headers) + "\r\n");

        assertHarmless(answer);
        assertThat(answer.status()).isIn(200, 400, 406, 413, 417, 431);
    }

    @Property
    void bytesThatAreHardlyHttpAreAnsweredOrCutOff(@ForAll("damagedRequests") String bytes) throws IOException {
        for (var answer : connection.sendAndFinish(bytes)) {
            assertHarmless(answer);
        }
    }

    @Provide
    Arbitrary<String> damagedRequests() {
        return Arbitraries.frequencyOf(
                Tuple.of(1, Hostile.bytes(300)),
                Tuple.of(
                        4,
                        Hostile.damaged(Arbitraries.of(
                                "GET / HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\nAccept-Language: fr\r\n\r\n",
                                "GET /api/results?a=b HTTP/1.1\r\nHost: a\r\nAccept: application/json\r\n\r\n",
                                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ncats\r\n0\r\n\r\n",
                                "GET /events HTTP/1.1\r\nHost: a\r\nLast-Event-ID: 1\r\nConnection: close\r\n\r\n"))));
    }

    private static Answer exchange(String method, String path, String headers) throws IOException {
        var answer = connection.exchange("%s %s HTTP/1.1\r\nHost: a\r\n%s\r\n".formatted(method, path, headers));
        assertHarmless(answer);
        return answer;
    }

    private static String lines(List<Header> headers) {
        return headers.stream().map(Header::toString).collect(Collectors.joining());
    }

    private static void assertHarmless(Answer answer) {
        assertThat(answer.status()).isLessThan(500);
        ResultPageTest.assertTellsNothingAboutUs(answer.body());
        assertThat(answer.body()).doesNotContain(Hostile.MARKUP);
        for (var header : List.of("x-injected", "location", "server", "set-cookie")) {
            assertThat(answer.header(header)).isEmpty();
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
