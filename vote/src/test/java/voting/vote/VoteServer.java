package voting.vote;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.web.context.support.StandardServletEnvironment;

/** The service as it is started in production, by environment variables, on free ports and a link that can fail. */
final class VoteServer implements AutoCloseable {

    /** Far more than any answer may take; tests that are about time say so themselves. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final HttpClient CLIENT =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private static final Map<Map<String, String>, VoteServer> SHARED = new ConcurrentHashMap<>();

    private final FaultyLink link = new FaultyLink(TestRedis.shared().port());
    private final ConfigurableApplicationContext context;

    private VoteServer(Map<String, String> settings) {
        var variables = new HashMap<String, String>(settings);
        variables.putIfAbsent("REDIS_HOST", "127.0.0.1");
        variables.putIfAbsent("REDIS_PORT", String.valueOf(link.port()));
        context = run(variables);
    }

    /** The service with the default poll. */
    static VoteServer shared() {
        return shared(Map.of());
    }

    /** Started once for all tests that want the same settings. */
    static VoteServer shared(Map<String, String> settings) {
        return SHARED.computeIfAbsent(settings, VoteServer::new).awaitReady();
    }

    /** One of its own, for tests that stop it. */
    static VoteServer start() {
        return start(Map.of());
    }

    static VoteServer start(Map<String, String> settings) {
        return new VoteServer(settings).awaitReady();
    }

    /** Runs the application with nothing but these variables in its environment. */
    static ConfigurableApplicationContext run(Map<String, String> variables) {
        var all = new HashMap<String, Object>(variables);
        all.putIfAbsent("SERVER_PORT", "0");
        all.putIfAbsent("MANAGEMENT_SERVER_PORT", "0");
        var environment = new StandardServletEnvironment();
        environment
                .getPropertySources()
                .replace(
                        StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME,
                        new SystemEnvironmentPropertySource(
                                StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME, all));
        var application = new SpringApplication(VoteApplication.class);
        application.setEnvironment(environment);
        return application.run();
    }

    FaultyLink link() {
        return link;
    }

    int port() {
        return context.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
    }

    VoteServer awaitReady() {
        await().atMost(PATIENCE).until(() -> readiness() == 200);
        return this;
    }

    int readiness() {
        return management("/actuator/health/readiness").statusCode();
    }

    HttpResponse<String> management(String path, String... headers) {
        var port = context.getEnvironment().getRequiredProperty("local.management.port");
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path));
        return send(headers.length == 0 ? request : request.headers(headers));
    }

    /** What Prometheus is told under this name with these labels. */
    double metric(String sample) {
        return management("/actuator/prometheus")
                .body()
                .lines()
                .filter(line -> line.startsWith(sample + " "))
                .map(line -> Double.parseDouble(line.substring(sample.length() + 1)))
                .findFirst()
                .orElseThrow();
    }

    <T> T bean(Class<T> type) {
        return context.getBean(type);
    }

    boolean has(Class<?> type) {
        return context.getBeanProvider(type).getIfAvailable() != null;
    }

    HttpRequest.Builder request(String path, String... headers) {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + path));
        return headers.length == 0 ? request : request.headers(headers);
    }

    HttpResponse<String> get(String path, String... headers) {
        return send(request(path, headers));
    }

    /** What a browser sends when a button is pressed. */
    HttpResponse<String> postForm(String body, String... headers) {
        return send(form(body, headers));
    }

    HttpResponse<String> postJson(String body, String... headers) {
        return send(request("/api/votes", headers)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body)));
    }

    HttpRequest.Builder form(String body, String... headers) {
        return request("/", headers)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .header("Accept", "text/html")
                .POST(BodyPublishers.ofString(body));
    }

    HttpResponse<String> send(HttpRequest.Builder request) {
        try {
            return CLIENT.send(request.timeout(PATIENCE).build(), BodyHandlers.ofString(UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Sends bytes that no HTTP client would, and returns all that comes back until the connection ends. */
    String sendRaw(String bytes) {
        try (var socket = new Socket("127.0.0.1", port())) {
            socket.setSoTimeout((int) PATIENCE.toMillis());
            socket.getOutputStream().write(bytes.getBytes(ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        context.close();
        link.close();
    }
}
