package voting.vote;

import static org.assertj.core.api.Assertions.assertThat;

import io.nayuki.qrcodegen.QrCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The code is that of the address under which the ballot can be reached. */
class QrCodeTest {

    private static final Pattern RUN = Pattern.compile("M(\\d+) (\\d+)h(\\d+)v1h-(\\d+)z");

    private final VoteServer server = VoteServer.shared();

    @Test
    void withoutASettingItIsWhereTheBrowserFoundUs() {
        var code = server.get("/qr.svg");

        assertThat(code.statusCode()).isEqualTo(200);
        assertThat(code.headers().firstValue("Content-Type").orElse("")).startsWith("image/svg+xml");
        assertThat(code.headers().firstValue("Cache-Control")).hasValue("no-store");
        assertThat(dark(code.body())).isEqualTo(dark("http://127.0.0.1:" + server.port() + "/", code.body()));
    }

    @Test
    void behindAProxyItIsTheAddressOfTheProxy() {
        var answer = server.sendRaw("GET /qr.svg HTTP/1.1\r\nHost: vote.example\r\nX-Forwarded-Proto: https\r\n"
                + "Connection: close\r\n\r\n");

        assertThat(dark(answer)).isEqualTo(dark("https://vote.example/", answer));
    }

    @Test
    void anAddressThatIsSetIsTaken() {
        var address = "https://example.org/poll/";
        var code = VoteServer.shared(Map.of("VOTE_ADDRESS", address))
                .get("/qr.svg")
                .body();

        assertThat(dark(code)).isEqualTo(dark(address, code));
    }

    @Test
    void theCodeIsTheSameWhereDigitsAreOthers() {
        var address = "https://example.org/poll/";
        var server = VoteServer.shared(Map.of("VOTE_ADDRESS", address));
        var usual = Locale.getDefault();
        Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
        try {
            var code = server.get("/qr.svg").body();

            assertThat(dark(code)).isEqualTo(dark(address, code));
        } finally {
            Locale.setDefault(usual);
        }
    }

    @Test
    void thePageShowsItOnDemand() {
        assertThat(server.get("/").body())
                .containsPattern("<details(?s:.*)<img src=\"qr\\.svg\"[^>]* loading=\"lazy\"");
    }

    @Test
    void anAddressThatNoCodeHoldsIsNotThere() {
        var answer =
                server.sendRaw("GET /qr.svg HTTP/1.1\r\nHost: " + "a".repeat(3_000) + "\r\nConnection: close\r\n\r\n");

        assertThat(answer).startsWith("HTTP/1.1 404");
    }

    /** The dark modules that a picture draws. */
    private static List<String> dark(String svg) {
        var modules = new ArrayList<String>();
        RUN.matcher(svg).results().forEach(run -> {
            assertThat(run.group(3)).isEqualTo(run.group(4));
            var x = Integer.parseInt(run.group(1));
            for (int i = 0; i < Integer.parseInt(run.group(3)); i++) {
                modules.add(x + i + "," + run.group(2));
            }
        });
        return modules;
    }

    /** The dark modules of an address' code; the picture must be large enough for it. */
    private static List<String> dark(String address, String svg) {
        var code = QrCode.encodeText(address, QrCode.Ecc.MEDIUM);
        assertThat(svg).contains("viewBox=\"-4 -4 " + (code.size + 8) + " " + (code.size + 8) + "\"");
        var modules = new ArrayList<String>();
        for (int y = 0; y < code.size; y++) {
            for (int x = 0; x < code.size; x++) {
                if (code.getModule(x, y)) {
                    modules.add(x + "," + y);
                }
            }
        }
        return modules;
    }
}
