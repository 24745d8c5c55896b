package voting.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.SQLException;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the picture of the pipeline shows a learner who stops its parts and starts them again. */
class BrowserPipelineIT {

    @RegisterExtension
    static final Chromium chromium = new Chromium();

    /** What is promised. */
    private static final long NOTICE_MILLIS = 2_000;

    private final LocalSystem system = SharedSystem.get();

    /** Also after a test that failed halfway. */
    @AfterEach
    void clear() throws SQLException {
        for (var component : new Component[] {system.redis(), system.postgres(), system.worker()}) {
            if (!component.isRunning()) {
                component.start();
            }
        }
        system.worker().awaitReady();
        system.vote().awaitReady();
        system.result().awaitReady();
        await().until(new Streams(system)::areDrained);
        new Outcome(system).clear();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aWorkerThatStopsOrDiesIsShownWithinTwoSecondsAndIsBackWhenItIs(boolean stops) throws Exception {
        var pages = openPipelines();
        pages.forEach((reader, page) -> {
            page.isFlowing(reader);
            page.takeNotes();
        });

        var asked = System.currentTimeMillis();
        if (stops) {
            system.worker().stop();
        } else {
            system.worker().kill();
        }
        pages.forEach((reader, page) -> assertThat(page.saidAt(
                                reader.reads("ballots are waiting safely", "les bulletins attendent en sécurité"),
                                asked)
                        - asked)
                .isLessThanOrEqualTo(NOTICE_MILLIS));
        Voter.of(system).choose("cats");
        openPipelines().forEach((reader, page) -> {
            page.shows("workers", "0");
            page.shows("waiting", "?");
            page.shows("accepted", "≥ 0");
            Accessibility.hasNoFault(page.page());
        });
        system.worker().start();

        pages.forEach((reader, page) -> {
            page.isFlowing(reader);
            page.shows("workers", "1");
            page.shows("waiting", "0");
            page.shows("accepted", "1");
            page.shows("counted", "1");
        });
    }

    @Test
    void aWorkerThatCannotDrainIsNotOneThatIsAway() {
        var pages = openPipelines();
        pages.forEach((reader, page) -> page.isFlowing(reader));

        system.redis().stop();

        pages.forEach((reader, page) -> {
            page.says(reader.reads("can’t drain", "ne peut pas compter"));
            page.shows("workers", "1");
        });
    }

    @Test
    void withoutScriptThePictureReloadsItself() {
        var reader = Reader.ENGLISH_AT_A_DESK;
        var page = PipelinePage.open(
                chromium.visitor(reader.settings().setJavaScriptEnabled(false)),
                system.result().uri());
        page.says("Everything is at work");

        system.worker().stop();

        page.says("No worker is at work: ballots are waiting safely.");
    }

    private Map<Reader, PipelinePage> openPipelines() {
        return Arrays.stream(Reader.values())
                .collect(Collectors.toMap(
                        Function.identity(),
                        reader -> PipelinePage.open(
                                chromium.visitor(reader), system.result().uri())));
    }
}
