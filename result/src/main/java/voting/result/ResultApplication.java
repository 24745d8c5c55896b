package voting.result;

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

/** Shows the live outcome: reads the tally from Postgres and pushes it to every viewer. */
@SpringBootApplication
@ConfigurationPropertiesScan
class ResultApplication {

    /** Where `make watch` puts classes; the beans that were prepared with the image may not fit them. */
    private static final Path RECOMPILED = Path.of("/app/dev");

    public static void main(String[] args) {
        if (Files.exists(RECOMPILED)) {
            SpringProperties.setProperty(AotDetector.AOT_ENABLED, "false");
        }
        SpringApplication.run(ResultApplication.class, args);
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
