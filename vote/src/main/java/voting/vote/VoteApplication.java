package voting.vote;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;

/** The web front end: takes ballots from browsers and API clients and appends them to the Redis streams. */
@SpringBootApplication
@ConfigurationPropertiesScan
class VoteApplication {

    public static void main(String[] args) {
        SpringApplication.run(VoteApplication.class, args);
    }
}
