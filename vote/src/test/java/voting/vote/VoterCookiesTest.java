package voting.vote;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The voter's cookies: which are believed, and how new ones are set. */
class VoterCookiesTest {

    private static final Pattern NEW_ID =
            Pattern.compile("voter_id=[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}; Path=/; .*");

    private final VoteServer server = VoteServer.shared();

    @Test
    void idThatWeIssuedIsBelieved() {
        var id = VoterCookies.newId();

        assertThat(VoterCookies.parseId(id.toString())).contains(id);
    }

    static List<String> idsThatWeDidNotIssue() {
        return List.of(
                "",
                "cats",
                "0",
                "not-a-uuid-at-all-but-as-long-as-one",
                "3F2504E0-4F89-41D3-9A0C-0305E82C3301", // upper case
                "3f2504e0-4f89-11d3-9a0c-0305e82c3301", // version 1
                "3f2504e0-4f89-71d3-9a0c-0305e82c3301", // version 7
                "3f2504e0-4f89-41d3-7a0c-0305e82c3301", // wrong variant
                "3f2504e0-4f89-41d3-ca0c-0305e82c3301", // Microsoft's variant
                "3f2504e04f8941d39a0c0305e82c3301",
                "{3f2504e0-4f89-41d3-9a0c-0305e82c3301}",
                "3f2504e0-4f89-41d3-9a0c-0305e82c33012",
                "3f2504e0-4f89-41d3-9a0c-0305e82c3301\n",
                "3f2504e0-4f89-41d3-9a0c-0305e82c330\0",
                "00000000-0000-0000-0000-000000000000",
                "3f2504e0-4f89-41d3-9a0c-0305e82c3301".repeat(100));
    }

    @ParameterizedTest
    @MethodSource("idsThatWeDidNotIssue")
    void anythingElseIsAsGoodAsNone(String id) {
        assertThat(VoterCookies.parseId(id)).isEmpty();
    }

    @Test
    void noIdIsNone() {
        assertThat(VoterCookies.parseId(null)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "cats",
                "3F2504E0-4F89-41D3-9A0C-0305E82C3301",
                "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
                "3f2504e0-4f89-41d3-7a0c-0305e82c3301",
                "3f2504e0-4f89-41d3-9a0c-0305e82c3301x",
                "\"quoted\"",
                "%00"
            })
    void browserWithAForeignIdIsGivenANewOneAndItsVoteIsTaken(String id) {
        var answer = server.postForm("vote=cats", "Cookie", "voter_id=" + id);

        assertThat(answer.statusCode()).isEqualTo(303);
        assertThat(setCookie(answer, "voter_id")).matches(NEW_ID);
    }

    @Test
    void browserWithAnIdOfOursKeepsIt() {
        var page = server.get("/", "Cookie", "voter_id=" + VoterCookies.newId());

        assertThat(page.headers().allValues("Set-Cookie")).isEmpty();
    }

    @Test
    void cookiesAreHiddenFromScriptsAndFromOtherSites() {
        var answer = server.postForm("vote=cats");

        for (var name : List.of("voter_id", "voter_choice")) {
            assertThat(setCookie(answer, name).split("; "))
                    .contains("Path=/", "HttpOnly", "SameSite=Lax", "Max-Age=31536000")
                    .doesNotContain("Secure")
                    .noneMatch(attribute -> attribute.startsWith("Domain"));
        }
    }

    @Test
    void cookiesAreSecureWhenTheProxySpeaksHttps() {
        var answer = server.postForm("vote=cats", "X-Forwarded-Proto", "https");

        assertThat(setCookie(answer, "voter_id").split("; ")).contains("Secure");
        assertThat(setCookie(answer, "voter_choice").split("; ")).contains("Secure");
        assertThat(setCookie(server.get("/", "X-Forwarded-Proto", "https"), "voter_id"))
                .contains("; Secure");
    }

    @Test
    void firstVisitGetsAnIdBeforeTheFirstVote() {
        assertThat(setCookie(server.get("/"), "voter_id")).matches(NEW_ID);
    }

    static String setCookie(HttpResponse<?> answer, String name) {
        return answer.headers().allValues("Set-Cookie").stream()
                .filter(cookie -> cookie.startsWith(name + "="))
                .reduce((first, second) -> {
                    throw new AssertionError("two cookies: " + first + " and " + second);
                })
                .orElseThrow(() -> new AssertionError(name + " is not set"));
    }
}
