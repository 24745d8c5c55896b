package voting.vote;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.springframework.mock.web.MockHttpServletRequest;

/** What a proxy sends twice is one ballot, also when the voter has no cookie yet. */
class ProxyRetryTest {

    @Test
    void sameRequestIdGivesTheSameBallotId() {
        var first = VoterCookies.newId(request("3f2a9c0d1e4b5a6978c0ffee00112233"));
        var second = VoterCookies.newId(request("3f2a9c0d1e4b5a6978c0ffee00112233"));

        assertThat(first).isEqualTo(second);
        assertThat(VoterCookies.newId(request("3f2a9c0d1e4b5a6978c0ffee00112234")))
                .isNotEqualTo(first);
    }

    @Test
    void theIdIsOneThatWeCouldHaveIssued() {
        for (var requestId : new String[] {"ffffffffffffffffffffffffffffffff", "00000000000000000000000000000000"}) {
            var id = VoterCookies.newId(request(requestId));
            assertThat(id.version()).isEqualTo(4);
            assertThat(VoterCookies.parseId(id.toString())).contains(id);
        }
    }

    @Test
    void aRequestIdOfAnotherFormIsIgnored() {
        for (var requestId : new String[] {null, "", "abc", "3F2A9C0D1E4B5A6978C0FFEE00112233", "x".repeat(32)}) {
            assertThat(VoterCookies.newId(request(requestId))).isNotEqualTo(VoterCookies.newId(request(requestId)));
        }
    }

    @Test
    void whoOnlyLooksAtThePageHasAnIdThatNoProxyKnows() {
        var request = request("3f2a9c0d1e4b5a6978c0ffee00112233");
        for (var method : new String[] {"GET", "HEAD"}) {
            request.setMethod(method);
            assertThat(VoterCookies.newId(request)).isNotEqualTo(VoterCookies.newId(request));
        }
    }

    private static MockHttpServletRequest request(String requestId) {
        var request = new MockHttpServletRequest("POST", "/");
        if (requestId != null) {
            request.addHeader("X-Request-ID", requestId);
        }
        return request;
    }
}
