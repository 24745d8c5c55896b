package voting.result;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;

/** Shows the live outcome: reads the tally from Postgres and pushes it to every viewer. */
@SpringBootApplication
@ConfigurationPropertiesScan
class ResultApplication {

    public static void main(String[] args) {
        SpringApplication.run(ResultApplication.class, args);
    }
}
