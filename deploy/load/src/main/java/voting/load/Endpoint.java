package voting.load;

import java.net.InetSocketAddress;
import java.net.URI;

/** Where requests go: {@code http(s)://host[:port][/prefix]}. */
record Endpoint(boolean secure, String host, int port, String prefix) {

    private static final int HTTP_PORT = 80;
    private static final int HTTPS_PORT = 443;

    static Endpoint of(String variable, String url) {
        try {
            var uri = URI.create(url.strip());
            var secure = "https".equals(uri.getScheme());
            if (uri.getHost() != null && (secure || "http".equals(uri.getScheme()))) {
                var port = uri.getPort() > 0 ? uri.getPort() : secure ? HTTPS_PORT : HTTP_PORT;
                return new Endpoint(
                        secure, uri.getHost(), port, uri.getRawPath().replaceAll("/+$", ""));
            }
        } catch (IllegalArgumentException e) {
            // Answered below, like anything else that is no address.
        }
        throw new LoadException("%s must be an address such as http://localhost:8080, not \"%s\".", variable, url);
    }

    InetSocketAddress address() {
        return new InetSocketAddress(host, port);
    }

    URI uri(String path) {
        return URI.create((secure ? "https://" : "http://") + authority() + prefix + path);
    }

    /** For the header {@code Host}. */
    String authority() {
        return port == (secure ? HTTPS_PORT : HTTP_PORT) ? host : host + ":" + port;
    }
}
