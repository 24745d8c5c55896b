package voting.worker;

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

/** Drains the Redis streams into Postgres. One image, several commands: {@code drain} (the default),
 * {@code beat}, {@code migrate}. */
@SpringBootApplication
@ConfigurationPropertiesScan
class WorkerApplication {

    /** Where `make watch` puts classes; the beans of {@code drain} that were prepared with the image may not fit them. */
    private static final Path RECOMPILED = Path.of("/app/dev");

    public static void main(String[] args) {
        var command = args.length == 0 ? "drain" : args[0];
        if (!command.equals("drain") || Files.exists(RECOMPILED)) {
            SpringProperties.setProperty(AotDetector.AOT_ENABLED, "false");
        }
        switch (command) {
            case "drain" -> SpringApplication.run(WorkerApplication.class, args);
            case "beat" -> {
                var beat = new SpringApplication(WorkerApplication.class);
                beat.setAdditionalProfiles("beat");
                beat.run(args);
            }
            case "migrate" -> MigrateCommand.run(args);
            default -> {
                System.err.println(
                        "Unknown command '" + command + "'. Use one of: drain (the default), beat, migrate.");
                System.exit(2);
            }
        }
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
