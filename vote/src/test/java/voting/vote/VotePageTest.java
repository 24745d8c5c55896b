package voting.vote;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

/** The page as browsers get it: links, languages, headers, static files. */
class VotePageTest {

    private static final Pattern LINK = Pattern.compile("(?:href|src|action)=\"([^\"]*)\"");

    private static final Map<String, String> TEN_OPTIONS = Map.of(
            "POLL_MODE", "every-click-counts",
            "POLL_QUESTION", "<script>alert('1 & 2')</script> \"quoted\"?",
            "POLL_OPTIONS", "a=<b>A</b>,b=B & B,c=\"C\",d=D,e=E,f=F,g=G,h=H,i=I,j=${'J'}");

    private final VoteServer server = VoteServer.shared();

    @Test
    void pageShowsTheQuestionTheOptionsAndTheServingHost() throws UnknownHostException {
        var page = server.get("/");

        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.headers().firstValue("Content-Type")).hasValue("text/html;charset=UTF-8");
        assertThat(page.body())
                .contains("<h1>Cats or dogs?</h1>")
                .contains("<span class=\"label\">Cats</span>")
                .contains("<span class=\"label\">Dogs</span>")
                .contains("Served by " + InetAddress.getLocalHost().getHostName())
                .contains("<form class=\"ballot few\" method=\"post\" action=\"./\"");
    }

    @Test
    void linkToThePageSaysWhatItIsAboutInAChat() {
        assertThat(server.get("/").body())
                .contains("<meta property=\"og:title\" content=\"Cats or dogs?\">")
                .contains("<meta property=\"og:description\" content=\"Cast your vote here, with one click.\">");
        assertThat(server.get("/", "Accept-Language", "fr").body())
                .contains("<meta property=\"og:description\" content=\"Votez ici, en un clic.\">");
    }

    @Test
    void pageHasOneButtonForEachOfTenOptions() {
        var page = VoteServer.shared(TEN_OPTIONS).get("/").body();

        assertThat(Pattern.compile("<button name=\"vote\" value=\"([a-j])\"")
                        .matcher(page)
                        .results()
                        .map(button -> button.group(1)))
                .containsExactly("a", "b", "c", "d", "e", "f", "g", "h", "i", "j");
    }

    @Test
    void questionAndLabelsAreTextAndNeverHtml() {
        var ten = VoteServer.shared(TEN_OPTIONS);

        for (var page : List.of(
                ten.get("/").body(), ten.get("/", "Cookie", "voter_choice=a").body())) {
            assertThat(page)
                    .doesNotContain("<script", "<b>")
                    .contains("&lt;script&gt;alert(&#39;1 &amp; 2&#39;)&lt;/script&gt; &quot;quoted&quot;?")
                    .contains("&lt;b&gt;A&lt;/b&gt;", "B &amp; B", "&quot;C&quot;", "${&#39;J&#39;}");
        }
        assertThat(ten.postForm("vote=z").body()).doesNotContain("<b>").contains("&lt;b&gt;A&lt;/b&gt;, B &amp; B");
    }

    @Test
    void everyOptionOfTheTenCanBeVotedFor() {
        for (var option : List.of("a", "e", "j")) {
            assertThat(VoteServer.shared(TEN_OPTIONS).postForm("vote=" + option).statusCode())
                    .isEqualTo(303);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/nothing", "/a/b/c", "/a/b/"})
    void linksAreRelativeAndLeadHomeUnderAnyPrefix(String path) {
        var page = server.get(path).body();

        assertThat(links(page)).isNotEmpty().allSatisfy(link -> {
            assertThat(link).doesNotContain(":").doesNotStartWith("/");
            var resolved = URI.create("https://example.org/some/prefix" + path).resolve(link);
            assertThat(resolved.toString())
                    .matches("https://example\\.org/some/prefix/((style|favicon)-[0-9a-f]{32}\\.(css|svg)|qr\\.svg)?");
        });
        assertThat(page).doesNotContainPattern("https?://(?!www\\.w3\\.org/)").doesNotContain("@import");
    }

    @Test
    void votedPageIsReachedByARedirectThatWorksUnderAPrefix() {
        var answer = server.postForm("vote=cats");

        assertThat(answer.statusCode()).isEqualTo(303);
        var location = answer.headers().firstValue("Location").orElseThrow();
        assertThat(URI.create("https://example.org/some/prefix/").resolve(location))
                .hasToString("https://example.org/some/prefix/");
        assertThat(server.get(URI.create("/").resolve(location).getPath()).statusCode())
                .isEqualTo(200);
        assertThat(answer.body()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "none", textBlock = """
            none                    | en | Choose one.
            en                      | en | Choose one.
            en-GB,fr;q=0.5          | en | Choose one.
            fr                      | fr | Choisissez une réponse.
            fr-CA                   | fr | Choisissez une réponse.
            de,fr;q=0.8,en;q=0.5    | fr | Choisissez une réponse.
            en;q=0.1,fr             | fr | Choisissez une réponse.
            de                      | en | Choose one.
            *                       | en | Choose one.
            ;;;                     | en | Choose one.
            """)
    void pageSpeaksTheLanguageOfTheReader(String accepted, String language, String hint) {
        var page = accepted == null ? server.get("/") : server.get("/", "Accept-Language", accepted);

        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.headers().firstValue("Content-Language")).hasValue(language);
        assertThat(page.body()).contains("<html lang=\"" + language + "\">").contains(hint);
    }

    @Test
    void redirectLeadsNowhereElseWhateverTheRequestSays() {
        var answer = server.sendRaw("POST /?next=http://evil.example HTTP/1.1\r\nHost: evil.example\r\n"
                + "X-Forwarded-Host: evil.example\r\nX-Forwarded-Prefix: //evil.example\r\n"
                + "Forwarded: host=evil.example\r\nReferer: http://evil.example/\r\nConnection: close\r\n"
                + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\nvote=cats");

        assertThat(answer)
                .startsWith("HTTP/1.1 303")
                .contains("Location: ./\r\n")
                .doesNotContain("evil");
    }

    @Test
    void pageIsNeverCached() {
        for (var answer : List.of(server.get("/"), server.get("/nothing"), server.postForm("vote=birds"))) {
            assertThat(answer.headers().allValues("Cache-Control")).containsExactly("no-store");
            assertThat(answer.headers().allValues("Vary")).contains("Accept-Language");
        }
    }

    @Test
    void everyAnswerTellsBrowsersWhatOurPagesNeverDo() {
        var stylesheet = links(server.get("/").body()).stream()
                .filter(link -> link.endsWith(".css"))
                .findFirst()
                .orElseThrow();
        var answers = List.of(
                server.get("/"),
                server.get("/" + stylesheet),
                server.get("/api/poll"),
                server.get("/nothing"),
                server.get("/api/nothing"),
                server.get("/error"),
                server.postForm("vote=cats"),
                server.postForm("vote=birds"),
                server.postForm("vote=" + "x".repeat(10_000)),
                server.postForm("vote=cats", "Origin", "null"),
                server.postJson("{\"choice\":\"cats\"}"),
                server.postJson("{"),
                server.send(server.form("").PUT(BodyPublishers.noBody())),
                server.send(server.form("").method("HEAD", BodyPublishers.noBody())),
                server.send(server.form("").method("OPTIONS", BodyPublishers.noBody())));

        assertThat(answers).allSatisfy(answer -> {
            assertThat(policy(answer))
                    .contains("default-src 'none'", "style-src 'self'", "form-action 'self'")
                    .contains("base-uri 'none'", "frame-ancestors 'none'")
                    .doesNotContain("unsafe");
            assertThat(answer.headers().allValues("X-Content-Type-Options")).containsExactly("nosniff");
            assertThat(answer.headers().allValues("Referrer-Policy")).containsExactly("same-origin");
            assertThat(answer.headers().map()).doesNotContainKeys("server", "x-powered-by");
        });
    }

    @Test
    void pageNeedsNothingThatItsPolicyForbids() {
        assertThat(server.get("/").body()).doesNotContain("<script", "style=", "<style", "onclick");
    }

    @Test
    void staticFilesAreKeptForAYearUnderTheNameOfTheirContent() {
        var files = links(server.get("/").body()).stream()
                .filter(link -> !link.equals("./") && !link.equals("qr.svg"))
                .toList();

        assertThat(files).hasSize(2).allSatisfy(file -> {
            assertThat(file).matches("(style|favicon)-[0-9a-f]{32}\\.(css|svg)");
            var answer = server.get("/" + file);
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.headers().firstValue("Cache-Control").orElse(""))
                    .contains("max-age=31536000")
                    .contains("public");
            assertThat(answer.headers().firstValue("Content-Type").orElse(""))
                    .startsWith(file.endsWith("css") ? "text/css" : "image/svg+xml");
        });
    }

    @Test
    void pollIsDescribedForPrograms() {
        var answer = server.get("/api/poll");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(new JsonMapper().readTree(answer.body())).isEqualTo(new JsonMapper().readTree("""
                        {
                          "question": "Cats or dogs?",
                          "options": [{"id": "cats", "label": "Cats"}, {"id": "dogs", "label": "Dogs"}],
                          "mode": "one-vote-per-browser"
                        }
                        """));
        assertThat(VoteServer.shared(TEN_OPTIONS).get("/api/poll").body()).contains("\"mode\":\"every-click-counts\"");
    }

    @Test
    void metricsTellWhatBecameOfVotes() {
        server.postForm("vote=cats");
        server.postForm("vote=birds");

        assertThat(server.management("/actuator/prometheus").body())
                .containsPattern("votes_accepted_total\\{option=\"cats\"} [1-9]")
                .containsPattern("votes_refused_total\\{reason=\"invalid\"} [1-9]")
                .contains("vote_append_batch_size_count", "vote_append_queue_size 0.0");
    }

    private static List<String> links(String page) {
        return LINK.matcher(page)
                .results()
                .map((MatchResult link) -> link.group(1))
                .toList();
    }

    private static String policy(HttpResponse<?> answer) {
        return String.join("; ", answer.headers().allValues("Content-Security-Policy"));
    }
}
