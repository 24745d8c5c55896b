package voting.vote;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Every bad input is answered with the right status, in the voter's language, and nothing of it reaches Redis. */
class BadRequestTest {

    private static final Map<Integer, String> ENGLISH = Map.of(
            400, "That is not one of the options",
            403, "This vote came from another site",
            404, "There is nothing here",
            405, "That can’t be done here",
            406, "No suitable format",
            413, "That was too much",
            415, "Unknown kind of content");

    private static final Map<Integer, String> FRENCH = Map.of(
            400, "Cette réponse n’est pas proposée",
            403, "Ce vote vient d’un autre site",
            404, "Il n’y a rien ici",
            405, "Action impossible ici",
            406, "Aucun format ne convient",
            413, "C’est beaucoup trop",
            415, "Type de contenu inconnu");

    private static final String TEN_KILOBYTES = "x".repeat(10_240);

    private final VoteServer server = VoteServer.shared();

    /** A request and the status that it deserves; {@code toString} names the test. */
    record Bad(String name, int status, Function<VoteServer, HttpRequest.Builder> request) {
        @Override
        public String toString() {
            return status + " for " + name;
        }
    }

    @BeforeEach
    void clearStreams() {
        TestRedis.shared().clear();
    }

    @AfterEach
    void nothingReachedTheStreams() {
        assertThat(TestRedis.shared().entries()).isEmpty();
    }

    static List<Bad> badForms() {
        return List.of(
                form("unknown option", 400, "vote=birds"),
                form("option in another case", 400, "vote=Cats"),
                form("option with a space", 400, "vote=cats+"),
                form("missing vote", 400, "colour=red"),
                form("no body", 400, ""),
                form("empty vote", 400, "vote="),
                form("vote without a value", 400, "vote"),
                form("repeated vote", 400, "vote=cats&vote=dogs"),
                form("the same vote twice", 400, "vote=cats&vote=cats"),
                form("NUL in the vote", 400, "vote=cats%00"),
                form("raw NUL in the vote", 400, "vote=cats\0"),
                form("broken percent-encoding", 400, "vote=%zz"),
                form("cut percent-encoding", 400, "vote=cats%"),
                form("broken percent-encoding elsewhere", 400, "vote=cats&x=%4"),
                form("bytes that are not UTF-8", 400, "vote=%ff%fe"),
                form("more fields than a form can have", 400, "vote=cats" + "&a=b".repeat(1_001)),
                form("10 kB vote", 413, "vote=" + TEN_KILOBYTES),
                new Bad(
                        "10 kB vote of unannounced length",
                        413,
                        server -> server.form("").POST(unannounced("vote=" + TEN_KILOBYTES))),
                new Bad(
                        "vote in the body and in the query",
                        400,
                        server -> server.request("/?vote=dogs")
                                .header("Content-Type", "application/x-www-form-urlencoded")
                                .POST(BodyPublishers.ofString("vote=cats"))),
                sent("plain text", 415, "/", "text/plain", "vote=cats"),
                sent("JSON to the page", 415, "/", "application/json", "{\"choice\":\"cats\"}"),
                sent("upload", 415, "/", "multipart/form-data; boundary=b", "--b--"),
                sent("10 kB of text", 413, "/", "text/plain", TEN_KILOBYTES),
                new Bad(
                        "no content type",
                        415,
                        server -> server.request("/").POST(BodyPublishers.ofString("vote=cats"))),
                new Bad(
                        "content type that is none",
                        415,
                        server -> server.request("/")
                                .header("Content-Type", "cats")
                                .POST(BodyPublishers.ofString("vote=cats"))),
                new Bad("PUT", 405, server -> server.form("").PUT(BodyPublishers.ofString("vote=cats"))),
                new Bad("DELETE", 405, server -> server.form("").DELETE()),
                new Bad("unknown method", 405, server -> server.form("").method("VOTE", BodyPublishers.noBody())),
                new Bad(
                        "POST to a static file",
                        405,
                        server -> server.request("/favicon.svg").POST(BodyPublishers.ofString("vote=cats"))),
                new Bad("unknown path", 404, server -> server.request("/nothing")),
                new Bad("unknown path, deep", 404, server -> server.request("/a/b/c.html")),
                new Bad("two slashes", 404, server -> server.request("//")),
                new Bad("two slashes and a name", 404, server -> server.request("//elsewhere.example/a")),
                new Bad(
                        "post to an unknown path",
                        404,
                        server -> server.request("/votes")
                                .header("Content-Type", "application/x-www-form-urlencoded")
                                .POST(BodyPublishers.ofString("vote=cats"))),
                new Bad("the error page itself", 404, server -> server.request("/error")),
                new Bad("management on the public port", 404, server -> server.request("/actuator/health")),
                new Bad("sources", 404, server -> server.request("/templates/vote.html")),
                new Bad("path out of the static files", 404, server -> server.request("/x/../application.properties")),
                new Bad(
                        "static file with a wrong hash",
                        404,
                        server -> server.request("/style-00000000000000000000000000000000.css")),
                crossSite("Sec-Fetch-Site", "cross-site"),
                crossSite("Origin", "https://elsewhere.example"),
                crossSite("Origin", "null"),
                crossSite("Origin", ""),
                crossSite("Origin", "http://127.0.0.1"),
                crossSite("Origin", "http://127.0.0.1:1"),
                crossSite("Origin", "http://[broken"));
    }

    @ParameterizedTest
    @MethodSource("badForms")
    void isAnsweredWithAPageInTheLanguageOfTheVoter(Bad bad) {
        var english = server.send(bad.request.apply(server).setHeader("Accept", "text/html"));
        var french = server.send(bad.request
                .apply(server)
                .setHeader("Accept", "text/html")
                .setHeader("Accept-Language", "fr-CH, en;q=0.5"));

        assertIsPage(english, bad.status, "en", ENGLISH);
        assertIsPage(french, bad.status, "fr", FRENCH);
    }

    static List<Bad> badJson() {
        return List.of(
                json("unknown option", 400, "{\"choice\":\"birds\"}"),
                json("missing choice", 400, "{}"),
                json("choice null", 400, "{\"choice\":null}"),
                json("empty choice", 400, "{\"choice\":\"\"}"),
                json("NUL in the choice", 400, "{\"choice\":\"cats\\u0000\"}"),
                json("raw NUL in the choice", 400, "{\"choice\":\"cats\0\"}"),
                json("number", 400, "{\"choice\":1}"),
                json("list", 400, "{\"choice\":[\"cats\"]}"),
                json("object", 400, "{\"choice\":{\"cats\":1}}"),
                json("key twice", 400, "{\"choice\":\"cats\",\"choice\":\"dogs\"}"),
                json("the same twice", 400, "{\"choice\":\"cats\",\"choice\":\"cats\"}"),
                json("something after it", 400, "{\"choice\":\"cats\"} {\"choice\":\"dogs\"}"),
                json("several votes", 400, "[{\"choice\":\"cats\"}]"),
                json("no JSON", 400, "choice=cats"),
                json("cut JSON", 400, "{\"choice\":\"cats\""),
                json("deep JSON", 400, "{\"choice\":" + "[".repeat(4_000)),
                json("JSON null", 400, "null"),
                json("only a text", 400, "\"cats\""),
                json("no body", 400, ""),
                json("10 kB choice", 413, "{\"choice\":\"" + TEN_KILOBYTES + "\"}"),
                json("10 kB of something else", 413, "{\"choice\":\"cats\",\"x\":\"" + TEN_KILOBYTES + "\"}"),
                new Bad(
                        "10 kB choice of unannounced length",
                        413,
                        server -> api(server)
                                .header("Content-Type", "application/json")
                                .POST(unannounced("{\"choice\":\"" + TEN_KILOBYTES + "\"}"))),
                sent("form to the API", 415, "/api/votes", "application/x-www-form-urlencoded", "vote=cats"),
                sent("text to the API", 415, "/api/votes", "text/plain", "{\"choice\":\"cats\"}"),
                new Bad(
                        "no content type",
                        415,
                        server -> api(server).POST(BodyPublishers.ofString("{\"choice\":\"cats\"}"))),
                new Bad(
                        "answer wanted in another format",
                        406,
                        server -> api(server)
                                .header("Content-Type", "application/json")
                                .header("Accept", "image/png")
                                .POST(BodyPublishers.ofString("{\"choice\":\"cats\"}"))),
                new Bad("GET", 405, server -> api(server).GET()),
                new Bad("PUT", 405, server -> api(server).PUT(BodyPublishers.ofString("{\"choice\":\"cats\"}"))),
                new Bad("DELETE", 405, server -> api(server).DELETE()),
                new Bad(
                        "POST to the poll",
                        405,
                        server -> server.request("/api/poll").POST(BodyPublishers.ofString("{}"))),
                new Bad("unknown path", 404, server -> server.request("/api/nothing")),
                new Bad(
                        "cross-site",
                        403,
                        server -> api(server)
                                .header("Content-Type", "application/json")
                                .header("Sec-Fetch-Site", "cross-site")
                                .POST(BodyPublishers.ofString("{\"choice\":\"cats\"}"))),
                new Bad(
                        "foreign origin",
                        403,
                        server -> api(server)
                                .header("Content-Type", "application/json")
                                .header("Origin", "https://elsewhere.example")
                                .POST(BodyPublishers.ofString("{\"choice\":\"cats\"}"))));
    }

    @ParameterizedTest
    @MethodSource("badJson")
    void isAnsweredWithAProblemInTheLanguageOfTheVoter(Bad bad) {
        var english = server.send(bad.request.apply(server));
        var french = server.send(bad.request.apply(server).setHeader("Accept-Language", "fr"));

        assertIsProblem(english, bad.status, "en", ENGLISH);
        assertIsProblem(french, bad.status, "fr", FRENCH);
    }

    @ParameterizedTest
    @MethodSource("badForms")
    void isAnsweredWithAProblemToWhoAsksForJson(Bad bad) {
        var answer = server.send(bad.request.apply(server).setHeader("Accept", "application/json"));

        assertIsProblem(answer, bad.status, "en", ENGLISH);
    }

    @Test
    void apiHasNoOtherFormatThanJson() {
        assertThat(server.get("/api/poll", "Accept", "image/png").statusCode()).isEqualTo(406);
    }

    @Test
    void unknownOptionIsAnsweredWithWhatIsAllowed() {
        assertThat(server.postForm("vote=birds").body()).contains("Choose one of: Cats, Dogs.");
        assertThat(server.postJson("{\"choice\":\"birds\"}").body()).contains("Choose one of: Cats, Dogs.");
    }

    @ParameterizedTest
    @ValueSource(strings = {"same-origin", "same-site", "none"})
    void otherValuesOfSecFetchSiteAreNoReasonToRefuse(String value) {
        assertThat(server.postForm("vote=birds", "Sec-Fetch-Site", value).statusCode())
                .isEqualTo(400);
    }

    @Test
    void originOfOurOwnOrOfTheProxyInFrontIsNoReasonToRefuse() {
        var own = "http://127.0.0.1:" + server.port();

        assertThat(server.postForm("vote=birds", "Origin", own).statusCode()).isEqualTo(400);
        assertThat(server.postForm("vote=birds", "Origin", "https://vote.example", "X-Forwarded-Host", "vote.example")
                        .statusCode())
                .isEqualTo(400);
    }

    @Test
    void methodThatIsNotAllowedIsAnsweredWithThoseThatAre() {
        assertThat(server.send(server.form("").DELETE())
                        .headers()
                        .firstValue("Allow")
                        .orElse(""))
                .contains("GET")
                .contains("POST");
    }

    static List<String> hardlyHttp() {
        return List.of(
                "\0\0\0\0\0\0\r\n\r\n",
                "cats\r\n\r\n",
                "\u0016\u0003\u0001\u0002\0\u0001\0\u0001\u00fc\u0003\u0003\r\n\r\n", // as a TLS client begins
                "GET / HTTP/9.9\r\nHost: a\r\n\r\n",
                "GET / HTTP/1.1\r\n\r\n", // no host
                "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
                "GET /<script> HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET /api/%zz HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET /api/a%2fb HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET /\u00e9 HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET /../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nX: " + TEN_KILOBYTES + "\r\n\r\n",
                "GET /" + TEN_KILOBYTES + " HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nCookie: voter_id=\0\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nContent-Length: 10\r\n\r\nvote=cats",
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\nvote=cats",
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: cats\r\n\r\nvote=cats",
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                        + "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\ncats\r\nvote=cats\r\n0\r\n\r\n");
    }

    @ParameterizedTest
    @MethodSource("hardlyHttp")
    void bytesThatAreHardlyHttpAreRefusedInPlainWords(String bytes) {
        var answer = server.sendRaw(bytes);

        assertThat(answer).matches("(?s)HTTP/1\\.1 (400|404|413|414|501|505) .*");
        assertTellsNothingAboutUs(answer);
    }

    private static void assertIsPage(
            HttpResponse<String> answer, int status, String language, Map<Integer, String> titles) {
        assertThat(answer.statusCode()).isEqualTo(status);
        assertThat(answer.headers().firstValue("Content-Type")).hasValue("text/html;charset=UTF-8");
        assertThat(answer.headers().firstValue("Content-Language")).hasValue(language);
        assertThat(answer.body())
                .startsWith("<!doctype html>")
                .contains("<html lang=\"" + language + "\"")
                .contains("<title>" + titles.get(status) + "</title>");
        assertTellsNothingAboutUs(answer.body());
    }

    private static void assertIsProblem(
            HttpResponse<String> answer, int status, String language, Map<Integer, String> titles) {
        assertThat(answer.statusCode()).isEqualTo(status);
        assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/problem+json");
        assertThat(answer.headers().firstValue("Content-Language")).hasValue(language);
        var problem = new JsonMapper().readTree(answer.body());
        assertThat(problem.get("status").asInt()).isEqualTo(status);
        assertThat(problem.get("title").asString()).isEqualTo(titles.get(status));
        assertThat(problem.get("detail").asString()).isNotBlank();
        assertThat(problem.get("instance").asString())
                .isEqualTo(answer.request().uri().getRawPath().replaceFirst("^/+", "/"));
        assertThat(names(problem)).containsExactlyInAnyOrder("status", "title", "detail", "instance");
        assertTellsNothingAboutUs(answer.body());
    }

    private static List<String> names(JsonNode object) {
        return new ArrayList<>(object.propertyNames());
    }

    static void assertTellsNothingAboutUs(String answer) {
        assertThat(answer)
                .doesNotContainIgnoringCase(
                        "Whitelabel", "Tomcat", "Apache", "Exception", "Thymeleaf", "springframework")
                .doesNotContain("at org.", "at java.", "java.lang", "\tat ");
    }

    private static Bad form(String name, int status, String body) {
        return new Bad(name, status, server -> server.form(body));
    }

    private static Bad json(String name, int status, String body) {
        return sent(name, status, "/api/votes", "application/json", body);
    }

    private static Bad sent(String name, int status, String path, String contentType, String body) {
        return new Bad(
                name,
                status,
                server ->
                        server.request(path).header("Content-Type", contentType).POST(BodyPublishers.ofString(body)));
    }

    private static Bad crossSite(String header, String value) {
        return new Bad(
                "post with %s '%s'".formatted(header, value),
                403,
                server -> server.form("vote=cats").header(header, value));
    }

    private static HttpRequest.Builder api(VoteServer server) {
        return server.request("/api/votes");
    }

    /** A body that is sent in chunks, without its length. */
    private static BodyPublisher unannounced(String body) {
        return BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body.getBytes()));
    }
}
