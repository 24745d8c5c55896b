package voting.vote;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.springframework.aot.AotDetector;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.context.annotation.Bean;
import org.springframework.core.SpringProperties;

/** The web front end: takes ballots from browsers and API clients and appends them to the Redis streams. */
@SpringBootApplication
@ConfigurationPropertiesScan
class VoteApplication {

    /** Where `make watch` puts classes; the beans that were prepared with the image may not fit them. */
    private static final Path RECOMPILED = Path.of("/app/dev");

    public static void main(String[] args) {
        if (Files.exists(RECOMPILED)) {
            SpringProperties.setProperty(AotDetector.AOT_ENABLED, "false");
        }
        SpringApplication.run(VoteApplication.class, args);
    }

    /** Which build this is; Maven writes both into application.properties. */
    @Bean
    MeterBinder applicationInfo(
            @Value("${spring.application.version}") String version, @Value("${application.revision}") String revision) {
        return metrics -> Gauge.builder("application.info", () -> 1)
                .description("Always 1; which build this is")
                .tag("version", version)
                .tag("revision", revision)
                .register(metrics);
    }
}
