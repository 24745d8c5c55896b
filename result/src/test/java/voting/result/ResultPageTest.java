package voting.result;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

/** The page and the API without their live updates: figures, languages, links, headers, errors. */
class ResultPageTest {

    private static final Pattern LINK = Pattern.compile("(?:href|src|action)=\"([^\"]*)\"");

    private static final Map<String, String> TEN_OPTIONS = Map.of(
            "POLL_QUESTION", "<script>alert('1 & 2')</script> \"quoted\"?",
            "POLL_OPTIONS", "a=<b>A</b>,b=B & B,c=\"C\",d=D,e=E,f=F,g=G,h=H,i=I,j=${'J'}");

    private final TestPostgres postgres = TestPostgres.shared();
    private final ResultServer server = ResultServer.cleared();

    @Test
    void resultsAreTheSumOverTheStreams() {
        postgres.count(0, Map.of("cats", 3L, "dogs", -1L));
        postgres.count(1, Map.of("cats", 1L, "dogs", 3L));
        postgres.count(2, Map.of("removed", 5L));
        awaitTotal(6);

        var answer = server.get("/api/results");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/json");
        assertThat(answer.headers().firstValue("Cache-Control")).hasValue("no-store");
        var results = new JsonMapper().readTree(answer.body());
        assertThat(results.propertyNames()).containsExactly("question", "options", "total", "asOf", "poll");
        assertThat(results.get("question").asString()).isEqualTo("Cats or dogs?");
        assertThat(results.get("options")).isEqualTo(new JsonMapper().readTree("""
                        [
                          {"id": "cats", "label": "Cats", "votes": 4, "percent": 67},
                          {"id": "dogs", "label": "Dogs", "votes": 2, "percent": 33}
                        ]
                        """));
        assertThat(results.get("total").isIntegralNumber()).isTrue();
        assertThat(Duration.between(Instant.parse(results.get("asOf").asString()), Instant.now()))
                .isBetween(Duration.ZERO, Duration.ofSeconds(5));
    }

    @Test
    void linkToThePageSaysWhatItIsAboutInAChat() {
        assertThat(server.get("/").body())
                .contains("<meta property=\"og:title\" content=\"Cats or dogs? – Results\">")
                .contains("<meta property=\"og:description\" content=\"The results, live: every vote is on the screen");
        assertThat(server.get("/", "Accept-Language", "fr").body())
                .contains("<meta property=\"og:description\" content=\"Les résultats en direct");
    }

    @Test
    void resultsAreATableForSpreadsheets() {
        var quoted = ResultServer.cleared(Map.of("POLL_OPTIONS", "tea=Thé \"vert\",coffee=Café"));
        postgres.count(0, Map.of("tea", 1L, "coffee", 3L));
        Awaitility.await().until(() -> quoted.total() == 4);

        var answer = quoted.get("/api/results.csv");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("Content-Type")).hasValue("text/csv;charset=UTF-8");
        assertThat(answer.headers().firstValue("Content-Disposition")).hasValue("attachment; filename=\"results.csv\"");
        assertThat(answer.headers().firstValue("Cache-Control")).hasValue("no-store");
        assertThat(answer.body())
                .isEqualTo("id,label,votes,percent\r\ntea,\"Thé \"\"vert\"\"\",1,25\r\ncoffee,\"Café\",3,75\r\n");
    }

    @Test
    void pageIsFilledInByTheServer() {
        postgres.count(0, Map.of("cats", 1_234L, "dogs", 1L));
        postgres.countInMinute("date_trunc('minute', now())", 0, 40);
        postgres.countInMinute("date_trunc('minute', now())", 1, 2);
        awaitTotal(1_235);
        Awaitility.await().until(() -> server.get("/").body().contains("peak 42"));

        var page = server.get("/").body();

        assertThat(page)
                .contains("<title>Cats or dogs? – Results</title>")
                .contains("<h1 id=\"question\">Cats or dogs?</h1>")
                .contains("<span class=\"count\">1,234</span>", "<span class=\"unit\">votes</span>")
                .contains("<span class=\"count\">1</span>", "<span class=\"unit\">vote</span>")
                .contains("<span id=\"total\">1,235</span>")
                .containsPattern("class=\"percent\">100\\s?%</span>")
                .containsPattern("class=\"percent\">0\\s?%</span>")
                .contains("width=\"100%\"", "width=\"0%\"")
                .containsPattern("Results as of \\d\\d:\\d\\d:\\d\\d UTC");
        assertThat(Pattern.compile("<rect [^>]*width=\"8\"").matcher(page).results())
                .hasSize(Activity.MINUTES);
    }

    @Test
    void pageIsOfThePollThatTheTallyNames() {
        var poll = server.results().get("poll").asString();

        assertThat(server.get("/").body()).contains("data-poll=\"" + poll + "\"");
        assertThat(Stream.of(
                                Map.of("POLL_ID", "second"),
                                Map.of("POLL_CLOSES", "2030-01-01T00:00:00Z"),
                                Map.of("POLL_OPTIONS", "cats=Cats,dogs=Hounds"),
                                Map.of("POLL_OPTIONS", "dogs=Dogs,cats=Cats"))
                        .map(settings -> ResultServer.cleared(settings)
                                .results()
                                .get("poll")
                                .asString()))
                .doesNotContain(poll)
                .doesNotHaveDuplicates();
    }

    @Test
    void stageIsTheSamePageWithItsOwnSizes() {
        assertThat(server.get("/stage").body())
                .contains("<h1 id=\"question\">Cats or dogs?</h1>", "stage-", "id=\"full-screen\"");
        assertThat(server.get("/").body())
                .doesNotContain("stage-", "full-screen")
                .contains("href=\"stage\"");
    }

    @Test
    void pageSpeaksFrench() {
        postgres.count(0, Map.of("cats", 1_234L));
        awaitTotal(1_234);

        var page = server.get("/", "Accept-Language", "fr-CH, en;q=0.5");

        assertThat(page.headers().firstValue("Content-Language")).hasValue("fr");
        assertThat(page.body())
                .contains("<html lang=\"fr\">", "Résultats")
                .containsPattern("id=\"total\">1\\h?234<")
                .containsPattern("Résultats à \\d\\d:\\d\\d:\\d\\d UTC");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "none", textBlock = """
            none           | en
            en-GB,fr;q=0.5 | en
            fr             | fr
            de,fr;q=0.8    | fr
            de             | en
            ;;;            | en
            """)
    void languageIsTheReadersAsFarAsWeSpeakIt(String accepted, String language) {
        for (var path : List.of("/", "/stage", "/pipeline", "/nothing")) {
            var page = accepted == null ? server.get(path) : server.get(path, "Accept-Language", accepted);

            assertThat(page.headers().firstValue("Content-Language")).hasValue(language);
            assertThat(page.body()).contains("<html lang=\"" + language + "\">");
        }
    }

    @Test
    void pageWithoutScriptReloadsItself() {
        assertThat(server.get("/").body()).contains("<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>");
    }

    @Test
    void questionAndLabelsAreTextAndNeverHtml() {
        var ten = ResultServer.cleared(TEN_OPTIONS);

        assertThat(ten.get("/").body())
                .doesNotContain("<script>", "<b>")
                .contains("&lt;script&gt;alert(&#39;1 &amp; 2&#39;)&lt;/script&gt; &quot;quoted&quot;?")
                .contains("&lt;b&gt;A&lt;/b&gt;", "B &amp; B", "&quot;C&quot;", "${&#39;J&#39;}");
        assertThat(Pattern.compile("data-id=\"([a-j])\"")
                        .matcher(ten.get("/").body())
                        .results()
                        .map(option -> option.group(1)))
                .containsExactly("a", "b", "c", "d", "e", "f", "g", "h", "i", "j");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/stage", "/pipeline", "/nothing", "/a/b/c", "/a/b/"})
    void linksAreRelativeAndLeadHomeUnderAnyPrefix(String path) {
        var page = server.get(path).body();

        assertThat(links(page)).isNotEmpty().allSatisfy(link -> {
            assertThat(link).doesNotContain(":").doesNotStartWith("/");
            assertThat(URI.create("https://example.org/some/prefix" + path)
                            .resolve(link)
                            .toString())
                    .matches(
                            "https://example\\.org/some/prefix/((style|live|stage|pipeline|favicon)-[0-9a-f]{32}\\.(css|js|svg)|pipeline|stage)?");
        });
        assertThat(page).doesNotContainPattern("https?://(?!www\\.w3\\.org/)");
    }

    @Test
    void staticFilesAreKeptForAYearUnderTheNameOfTheirContent() {
        var files = Stream.of("/", "/stage", "/pipeline")
                .flatMap(page -> links(server.get(page).body()).stream())
                .filter(link -> link.contains("."))
                .filter(link -> !link.equals("./"))
                .distinct();

        assertThat(files).hasSize(6).allSatisfy(file -> {
            var answer = server.get("/" + file);
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.headers().firstValue("Cache-Control").orElse(""))
                    .contains("max-age=31536000")
                    .contains("public");
            assertThat(answer.body()).doesNotContain("import(", "import ", "https://", "url(");
        });
        assertThat(server.get("/live-00000000000000000000000000000000.js").statusCode())
                .isEqualTo(404);
    }

    @Test
    void everyAnswerTellsBrowsersWhatOurPagesNeverDo() {
        var script = links(server.get("/").body()).stream()
                .filter(link -> link.endsWith(".js"))
                .findFirst()
                .orElseThrow();
        var answers = List.of(
                server.get("/"),
                server.get("/pipeline"),
                server.get("/" + script),
                server.get("/api/results"),
                server.get("/nothing"),
                server.get("/api/nothing"),
                server.send(server.request("/").POST(BodyPublishers.ofString("vote=cats"))),
                server.send(server.request("/").method("HEAD", BodyPublishers.noBody())),
                server.send(server.request("/").method("OPTIONS", BodyPublishers.noBody())));

        assertThat(answers).allSatisfy(answer -> {
            assertThat(String.join("; ", answer.headers().allValues("Content-Security-Policy")))
                    .contains("default-src 'none'", "style-src 'self'", "script-src 'self'", "connect-src 'self'")
                    .contains("form-action 'none'", "base-uri 'none'", "frame-ancestors 'none'")
                    .doesNotContain("unsafe");
            assertThat(answer.headers().allValues("X-Content-Type-Options")).containsExactly("nosniff");
            assertThat(answer.headers().allValues("Referrer-Policy")).containsExactly("no-referrer");
            assertThat(answer.headers().allValues("Vary")).contains("Accept-Language");
            assertThat(answer.headers().map()).doesNotContainKeys("server", "x-powered-by");
        });
        assertThat(server.get("/").body() + server.get("/pipeline").body())
                .doesNotContain("<script>", "style=", "<style", "onclick");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            GET    | /nothing                | 404 | There is nothing here          | Il n’y a rien ici
            GET    | /a/b/c.html             | 404 | There is nothing here          | Il n’y a rien ici
            GET    | /error                  | 404 | There is nothing here          | Il n’y a rien ici
            GET    | /actuator/health        | 404 | There is nothing here          | Il n’y a rien ici
            GET    | /templates/result.html  | 404 | There is nothing here          | Il n’y a rien ici
            GET    | /%2e%2e/application.properties | 404 | There is nothing here   | Il n’y a rien ici
            GET    | //                      | 404 | There is nothing here          | Il n’y a rien ici
            POST   | /                       | 405 | That can’t be done here        | Action impossible ici
            DELETE | /                       | 405 | That can’t be done here        | Action impossible ici
            POST   | /events                 | 405 | That can’t be done here        | Action impossible ici
            VOTE   | /                       | 405 | That can’t be done here        | Action impossible ici
            """)
    void errorIsAPageOrAProblemInTheLanguageOfTheReader(
            String method, String path, int status, String english, String french) {
        var page = server.send(server.request(path).method(method, BodyPublishers.noBody()));
        var problem = server.send(server.request(path, "Accept", "application/json", "Accept-Language", "fr")
                .method(method, BodyPublishers.noBody()));

        assertThat(page.statusCode()).isEqualTo(status);
        assertThat(page.headers().firstValue("Content-Type").orElse("")).startsWith("text/html");
        assertThat(page.headers().firstValue("Cache-Control")).hasValue("no-store");
        assertThat(page.body()).startsWith("<!doctype html>").contains("<title>" + english + "</title>");
        assertTellsNothingAboutUs(page.body());
        assertIsProblem(problem, status, french);
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /api/nothing, 404",
        "POST, /api/results, 405",
        "POST, /api/results.csv, 405",
        "DELETE, /api/results, 405"
    })
    void errorOfTheApiIsAProblem(String method, String path, int status) {
        var answer = server.send(server.request(path).method(method, BodyPublishers.ofString("{}")));

        assertIsProblem(answer, status, status == 404 ? "There is nothing here" : "That can’t be done here");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/events", "/events?pipeline"})
    void headOfTheEventsIsAllThatHeadAsksFor(String path) {
        var answer = server.send(server.request(path).method("HEAD", BodyPublishers.noBody()));

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("Content-Type")).hasValue("text/event-stream");
    }

    @Test
    void methodThatIsNotAllowedIsAnsweredWithThoseThatAre() {
        var answer = server.send(server.request("/api/results").POST(BodyPublishers.noBody()));

        assertThat(answer.headers().firstValue("Allow").orElse("")).contains("GET");
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytes=99999999-", "cats", "bytes=0-1"})
    void rangesAreIgnored(String range) {
        var answer = server.get("/live.js", "Range", range);

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo(server.get("/live.js").body());
    }

    @Test
    void apiHasNoOtherFormatThanJson() {
        assertThat(server.get("/api/results", "Accept", "text/html").statusCode())
                .isEqualTo(406);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\0\0\0\0\r\n\r\n",
                "cats\r\n\r\n",
                "GET /%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                "GET /api/%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                "GET /<script> HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                "GET /api/<script> HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                "GET /%00 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                "GET /../../etc/passwd HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                "GET http://a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                "GET nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                "PUT * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            })
    void bytesThatAreHardlyHttpAreRefusedAndToldNothing(String bytes) {
        var answer = server.sendRaw(bytes);

        assertThat(answer).matches("(?s)HTTP/1\\.[01] (400|404|405|413|414|501|505) .*");
        assertTellsNothingAboutUs(answer);
    }

    @Test
    void hugeHeadersAreRefused() {
        var answer = server.sendRaw("GET / HTTP/1.1\r\nHost: a\r\nX: " + "x".repeat(20_000) + "\r\n\r\n");

        assertThat(answer).matches("(?s)HTTP/1\\.[01] (400|413|431) .*");
    }

    @Test
    void quickRequestsOnOneConnectionAreAllAnswered() throws IOException {
        try (var socket = new Socket("127.0.0.1", server.port())) {
            socket.setSoTimeout(5_000);
            var in = new BufferedInputStream(socket.getInputStream());
            for (int i = 0; i < 300; i++) {
                var path = List.of("/", "/pipeline", "/api/results").get(i % 3);
                socket.getOutputStream()
                        .write("GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n"
                                .formatted(path)
                                .getBytes(UTF_8));

                var head = new StringBuilder();
                while (head.indexOf("\r\n\r\n") < 0) {
                    head.append((char) in.read());
                }
                assertThat(head.toString()).startsWith("HTTP/1.1 200");
                var length = Pattern.compile("(?i)content-length: (\\d+)").matcher(head);
                assertThat(length.find()).isTrue();
                in.readNBytes(Integer.parseInt(length.group(1)));
            }
        }
    }

    @Test
    void noReaderIsGivenACookie() {
        assertThat(server.get("/").headers().allValues("Set-Cookie")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"ballot", "stream_position", "rejected_entry"})
    void roleOfTheServiceCannotReadMoreThanTheTally(String table) throws SQLException {
        try (var connection = postgres.connect("result", "votes");
                var statement = connection.createStatement()) {
            assertThatThrownBy(() -> statement.executeQuery("select * from " + table))
                    .hasMessageContaining("permission denied for table " + table);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"update tally set votes = 0", "delete from tally", "insert into tally values (9, 'x', 1)"})
    void roleOfTheServiceCannotChangeTheTally(String sql) throws SQLException {
        try (var connection = postgres.connect("result", "votes");
                var statement = connection.createStatement()) {
            assertThatThrownBy(() -> statement.execute(sql)).hasMessageContaining("permission denied for table tally");
        }
    }

    private void awaitTotal(long total) {
        Awaitility.await().until(() -> server.total() == total);
    }

    private static void assertIsProblem(HttpResponse<String> answer, int status, String title) {
        assertThat(answer.statusCode()).isEqualTo(status);
        assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/problem+json");
        var problem = new JsonMapper().readTree(answer.body());
        assertThat(problem.propertyNames()).containsExactlyInAnyOrder("status", "title", "detail", "instance");
        assertThat(problem.get("status").asInt()).isEqualTo(status);
        assertThat(problem.get("title").asString()).isEqualTo(title);
        assertTellsNothingAboutUs(answer.body());
    }

    static void assertTellsNothingAboutUs(String answer) {
        assertThat(answer)
                .doesNotContainIgnoringCase("Whitelabel", "Netty", "Exception", "Thymeleaf", "springframework")
                .doesNotContain("at org.", "at java.", "java.lang", "\tat ");
    }

    private static List<String> links(String page) {
        return LINK.matcher(page)
                .results()
                .map((MatchResult link) -> link.group(1))
                .toList();
    }
}
