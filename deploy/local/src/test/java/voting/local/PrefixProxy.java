package voting.local;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Set;
import java.util.concurrent.Executors;

/**
 * Serves both pages from one port, below a path that they know nothing of: vote at {@code /poll/}, result at
 * {@code /poll/results/}. What comes is passed on at once, also of an answer that never ends.
 */
final class PrefixProxy implements AutoCloseable {

    private static final String VOTE = "/poll/";
    private static final String RESULT = "/poll/results/";

    /** What concerns one connection only; the server and the client set their own. */
    private static final Set<String> OF_THE_CONNECTION =
            Set.of("connection", "host", "content-length", "transfer-encoding", "keep-alive", "upgrade");

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final HttpServer server;

    PrefixProxy(LocalSystem system) throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        // The server picks the longest path that fits.
        server.createContext(
                VOTE, exchange -> pass(exchange, VOTE, system.vote().uri()));
        server.createContext(
                RESULT, exchange -> pass(exchange, RESULT, system.result().uri()));
        server.start();
    }

    URI vote() {
        return address(VOTE);
    }

    URI result() {
        return address(RESULT);
    }

    @Override
    public void close() {
        server.stop(0);
        client.shutdownNow();
    }

    private URI address(String path) {
        return URI.create("http://localhost:%d%s".formatted(server.getAddress().getPort(), path));
    }

    private void pass(HttpExchange exchange, String prefix, URI target) throws IOException {
        try (exchange) {
            var answer = client.send(request(exchange, prefix, target), BodyHandlers.ofInputStream());
            answer.headers().map().forEach((name, values) -> {
                if (isPassedOn(name)) {
                    exchange.getResponseHeaders().put(name, values);
                }
            });
            pass(answer, exchange);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static HttpRequest request(HttpExchange exchange, String prefix, URI target) throws IOException {
        var path = exchange.getRequestURI().toString().substring(prefix.length() - 1);
        var body = exchange.getRequestBody().readAllBytes();
        var request = HttpRequest.newBuilder(target.resolve(path))
                .method(exchange.getRequestMethod(), BodyPublishers.ofByteArray(body))
                .header("X-Forwarded-Host", exchange.getRequestHeaders().getFirst("Host"));
        exchange.getRequestHeaders().forEach((name, values) -> {
            if (isPassedOn(name)) {
                values.forEach(value -> request.header(name, value));
            }
        });
        return request.build();
    }

    private static void pass(HttpResponse<InputStream> answer, HttpExchange exchange) throws IOException {
        var empty = answer.headers().firstValue("Content-Length").orElse("").equals("0");
        exchange.sendResponseHeaders(answer.statusCode(), empty ? -1 : 0);
        if (empty) {
            return;
        }
        try (var from = answer.body();
                var to = exchange.getResponseBody()) {
            var buffer = new byte[8192];
            for (var read = from.read(buffer); read >= 0; read = from.read(buffer)) {
                to.write(buffer, 0, read);
                to.flush();
            }
        }
    }

    private static boolean isPassedOn(String header) {
        return !OF_THE_CONNECTION.contains(header.toLowerCase());
    }
}
