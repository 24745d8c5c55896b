package voting.vote;

import io.nayuki.qrcodegen.DataTooLongException;
import io.nayuki.qrcodegen.QrCode;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Locale;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.server.ResponseStatusException;

/**
 * {@code /qr.svg}: the public address of the ballot, for an audience to join. A file of its own, so that a ballot costs
 * nothing more for those who need no code.
 */
@Controller
class QrCodeController {

    /** What the standard asks for around a code, in modules. */
    private static final int QUIET_ZONE = 4;

    private final VoteSettings.Vote settings;

    QrCodeController(VoteSettings settings) {
        this.settings = settings.vote();
    }

    @GetMapping("/qr.svg")
    ResponseEntity<String> code(HttpServletRequest request) {
        try {
            return ResponseEntity.ok()
                    .contentType(MediaType.valueOf("image/svg+xml"))
                    .cacheControl(CacheControl.noStore()) // another host name, another code
                    .header(HttpHeaders.CONTENT_DISPOSITION, "inline")
                    .body(svg(QrCode.encodeText(address(request), QrCode.Ecc.MEDIUM)));
        } catch (DataTooLongException e) {
            throw new ResponseStatusException(HttpStatus.NOT_FOUND); // nobody's address is as long
        }
    }

    /** As set, or where this browser has found us. */
    private String address(HttpServletRequest request) {
        if (!settings.address().isEmpty()) {
            return settings.address();
        }
        var https = "https".equals(request.getHeader("X-Forwarded-Proto")) || request.isSecure();
        // nginx passes the host on as the browser sent it.
        return (https ? "https://" : "http://") + request.getHeader(HttpHeaders.HOST) + "/";
    }

    /** Dark modules as one path, row by row in runs; on white whatever the page's colours, or no camera reads it. */
    private static String svg(QrCode code) {
        var path = new StringBuilder();
        for (int y = 0; y < code.size; y++) {
            for (int x = 0; x < code.size; x++) {
                var from = x;
                while (code.getModule(x, y)) { // false beyond the edge
                    x++;
                }
                if (x > from) {
                    path.append(String.format(Locale.ROOT, "M%d %dh%dv1h-%dz", from, y, x - from, x - from));
                }
            }
        }
        return String.format(Locale.ROOT, """
                <svg xmlns="http://www.w3.org/2000/svg" viewBox="-%1$d -%1$d %2$d %2$d" shape-rendering="crispEdges">\
                <path fill="#fff" d="M-%1$d -%1$dh%2$dv%2$dh-%2$dz"/><path d="%3$s"/></svg>
                """, QUIET_ZONE, code.size + 2 * QUIET_ZONE, path);
    }
}
