package voting.vote;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import org.springframework.http.HttpHeaders;
import org.springframework.web.util.WebUtils;

/**
 * The two cookies of a voter: who they are ({@code voter_id}, the identity of their ballot) and what they chose last
 * ({@code voter_choice}, only shown to them; vote cannot ask Postgres).
 */
final class VoterCookies {

    static final String VOTER_ID = "voter_id";
    static final String VOTER_CHOICE = "voter_choice";

    private static final Duration LIFETIME = Duration.ofDays(365);

    /** The canonical form of the ids that {@link #newId} makes: random, version 4. */
    private static final Pattern ISSUED_ID =
            Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");

    /** What nginx calls $request_id: 128 random bits. */
    private static final Pattern PROXY_REQUEST_ID = Pattern.compile("[0-9a-f]{32}");

    private VoterCookies() {}

    static UUID newId() {
        return UUID.randomUUID();
    }

    /**
     * An id for a request that brings none: of a vote, made of the proxy's own id of the request where there is one. When
     * the proxy sends it to a second replica because the first one went away, it is still the same ballot. Other requests
     * are not votes, and a proxy may write their ids into its log.
     */
    static UUID newId(HttpServletRequest request) {
        var requestId = request.getMethod().equals("POST") ? request.getHeader("X-Request-ID") : null;
        if (requestId == null || !PROXY_REQUEST_ID.matcher(requestId).matches()) {
            return newId();
        }
        var high = Long.parseUnsignedLong(requestId, 0, 16, 16);
        var low = Long.parseUnsignedLong(requestId, 16, 32, 16);
        return new UUID(high & ~0xF000L | 0x4000L, low & Long.MAX_VALUE >>> 1 | Long.MIN_VALUE); // as version 4
    }

    /** Reads an id that could be one of ours; anything else is as good as none. */
    static Optional<UUID> parseId(String text) {
        return text != null && ISSUED_ID.matcher(text).matches()
                ? Optional.of(UUID.fromString(text))
                : Optional.empty();
    }

    /** The browser's voter id; a browser without one is given one with this response, whatever comes of the vote. */
    static UUID identify(HttpServletRequest request, HttpServletResponse response) {
        var cookie = WebUtils.getCookie(request, VOTER_ID);
        return parseId(cookie == null ? null : cookie.getValue()).orElseGet(() -> {
            var id = newId(request);
            add(VOTER_ID, id.toString(), request, response);
            return id;
        });
    }

    /** The id of the option that this browser chose last in this poll, or null; not yet checked against the options. */
    static String choice(String pollId, HttpServletRequest request) {
        var cookie = WebUtils.getCookie(request, VOTER_CHOICE);
        var mark = markOf(pollId);
        return cookie == null || !cookie.getValue().endsWith(mark)
                ? null
                : cookie.getValue().substring(0, cookie.getValue().length() - mark.length());
    }

    static void remember(String choice, String pollId, HttpServletRequest request, HttpServletResponse response) {
        add(VOTER_CHOICE, choice + markOf(pollId), request, response);
    }

    /** Cookies outlive polls, and the next one may well have the same options. No id of an option has a dot. */
    private static String markOf(String pollId) {
        return pollId.isEmpty() ? "" : "." + pollId;
    }

    /**
     * Written by hand because Spring's and Tomcat's cookies format an Expires date beside Max-Age, which only browsers of
     * the last century need: with two cookies per vote that was a tenth of the CPU time of a vote.
     */
    private static void add(String name, String value, HttpServletRequest request, HttpServletResponse response) {
        var secure = request.isSecure() ? "; Secure" : "";
        response.addHeader(
                HttpHeaders.SET_COOKIE,
                name + "=" + value + "; Path=/; Max-Age=" + LIFETIME.toSeconds() + secure + "; HttpOnly; SameSite=Lax");
    }
}
