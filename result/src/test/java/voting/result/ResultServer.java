package voting.result;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.http.client.ReactorResourceFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The service as it is started in production, by environment variables, on free ports. */
final class ResultServer implements AutoCloseable {

    /** Far more than any answer may take; tests that are about time say so themselves. */
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    private static final HttpClient CLIENT =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private static final Map<Map<String, String>, ResultServer> SHARED = new ConcurrentHashMap<>();

    private final ConfigurableApplicationContext context;

    private ResultServer(Map<String, String> settings) {
        context = run(settings);
    }

    /** The service with the default poll, connected and without votes. */
    static ResultServer cleared() {
        return cleared(Map.of());
    }

    /** Started once for all tests that want the same settings. */
    static ResultServer cleared(Map<String, String> settings) {
        TestPostgres.shared().clear();
        var server = SHARED.computeIfAbsent(settings, ResultServer::start);
        await().atMost(PATIENCE).until(() -> server.readiness() == 200 && server.total() == 0);
        return server;
    }

    /** One of its own, for tests that break what it depends on. */
    static ResultServer start(Map<String, String> settings) {
        return new ResultServer(settings);
    }

    /** Runs the application with nothing but these variables in its environment. */
    static ConfigurableApplicationContext run(Map<String, String> variables) {
        var all = new HashMap<String, Object>(variables);
        all.putIfAbsent("SERVER_PORT", "0");
        all.putIfAbsent("POSTGRES_HOST", "127.0.0.1");
        all.computeIfAbsent("POSTGRES_PORT", name -> TestPostgres.shared().port());
        all.putIfAbsent("POSTGRES_PASSWORD", TestPostgres.PASSWORD);
        var environment = new StandardEnvironment();
        environment
                .getPropertySources()
                .replace(
                        StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME,
                        new SystemEnvironmentPropertySource(
                                StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME, all));
        var application = new SpringApplication(ResultApplication.class);
        application.setEnvironment(environment);
        application.addInitializers(context -> ((GenericApplicationContext) context)
                .registerBean(ReactorResourceFactory.class, ResultServer::threadsOfItsOwn));
        // Not a variable: the management server has an environment of its own, which reads the real ones.
        return application.run("--management.server.port=0");
    }

    /** By default all servers of a JVM share theirs, and the first that is closed takes them along. */
    private static ReactorResourceFactory threadsOfItsOwn() {
        var factory = new ReactorResourceFactory();
        factory.setUseGlobalResources(false);
        factory.setShutdownQuietPeriod(Duration.ZERO); // as in application.properties
        return factory;
    }

    ConfigurableApplicationContext context() {
        return context;
    }

    int port() {
        return context.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
    }

    int readiness() {
        return management("/actuator/health/readiness").statusCode();
    }

    HttpResponse<String> management(String path) {
        var port = context.getEnvironment().getRequiredProperty("local.management.port");
        return send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)));
    }

    JsonNode results() {
        return new JsonMapper().readTree(get("/api/results").body());
    }

    long total() {
        return results().get("total").asLong();
    }

    HttpRequest.Builder request(String path, String... headers) {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + path));
        return headers.length == 0 ? request : request.headers(headers);
    }

    HttpResponse<String> get(String path, String... headers) {
        return send(request(path, headers));
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
    }
}
