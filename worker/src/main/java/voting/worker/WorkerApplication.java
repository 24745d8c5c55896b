package voting.worker;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;

/** Drains the Redis streams into Postgres. One image, several commands: {@code drain} (the default),
 * {@code beat}, {@code migrate}. */
@SpringBootApplication
@ConfigurationPropertiesScan
class WorkerApplication {

    public static void main(String[] args) {
        var command = args.length == 0 ? "drain" : args[0];
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
}
