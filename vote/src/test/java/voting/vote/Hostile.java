package voting.vote;

import java.util.Random;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/** Text that means trouble somewhere between a socket and a log. One character is one byte. */
final class Hostile {

    /** In every answer it must be escaped. */
    static final String MARKUP = "<x9z>";

    private static final Arbitrary<String> FRAGMENTS = Arbitraries.of(
            MARKUP,
            "\"'><x9z>",
            "cats",
            "dogs",
            "vote",
            "=",
            "&",
            ";",
            ",",
            "?",
            "#",
            "%",
            "%00",
            "%0d%0aX-Injected:%201",
            "%0a2026-01-01 ERROR forged",
            "%1b[2J",
            "%2e%2e",
            "%2f",
            "%5c",
            "%c0%ae%c0%ae",
            "%ff",
            "%zz",
            "%u0041",
            "..",
            ".",
            "/",
            "//",
            "\\",
            "/..;/",
            ";jsessionid=1",
            "application.properties",
            "WEB-INF/web.xml",
            "etc/passwd",
            "${jndi:ldap://x/a}",
            "#{1+1}",
            "*{1}",
            "__${T(java.lang.Runtime)}__::",
            "{{7*7}}",
            "' or 1=1 --",
            "\0",
            "\u001b[31m",
            "\t",
            " ",
            "\u007f",
            "\u00c0\u0080",
            "\u00ed\u00a0\u0080",
            "\u00ff",
            "\u00f0\u009f\u0098\u0080",
            "null",
            "-1",
            "0",
            "99999999999999999999",
            "1e999",
            "fr",
            "en;q=9",
            "q=",
            "text/html",
            "*/*",
            "application/json",
            "utf-16",
            "charset=",
            "https",
            "http://evil.example",
            "127.0.0.1",
            "[::1]",
            "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
            "voter_id=",
            "voter_choice=",
            "voter_choice=dogs",
            "\"",
            "$Version=1",
            "x".repeat(300));

    private Hostile() {}

    /** Any bytes. */
    static Arbitrary<String> bytes(int maximum) {
        return Arbitraries.chars()
                .range('\0', '\u00ff')
                .map(String::valueOf)
                .list()
                .ofMaxSize(maximum)
                .map(parts -> String.join("", parts));
    }

    /** A few fragments of known attacks, and other bytes between them. */
    static Arbitrary<String> text() {
        return Arbitraries.frequencyOf(Tuple.of(6, FRAGMENTS), Tuple.of(1, bytes(12)))
                .list()
                .ofMaxSize(5)
                .map(parts -> String.join("", parts));
    }

    /** As {@link #text}, but nothing that ends a line of the request's head. */
    static Arbitrary<String> line() {
        return text().map(text -> text.replaceAll("[\r\n]", ""));
    }

    /** A request that has been damaged: bytes lost, repeated, changed or put in. */
    static Arbitrary<String> damaged(Arbitrary<String> requests) {
        return Combinators.combine(requests, text(), Arbitraries.integers().between(1, 4), Arbitraries.randoms())
                .as((request, insert, times, random) -> {
                    var damaged = request;
                    for (int i = 0; i < times; i++) {
                        damaged = damage(damaged, insert, random);
                    }
                    return damaged;
                });
    }

    private static String damage(String text, String insert, Random random) {
        var from = random.nextInt(text.length() + 1);
        var to = Math.min(text.length(), from + random.nextInt(8));
        return text.substring(0, from)
                + switch (random.nextInt(4)) {
                    case 0 -> "";
                    case 1 -> text.substring(from, to).repeat(2);
                    case 2 -> insert;
                    default ->
                        random.ints(to - from, 0, 256)
                                .mapToObj(Character::toString)
                                .collect(Collectors.joining());
                }
                + text.substring(to);
    }
}
