package voting.result;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.server.ServerWebExchange;

/** The page, already filled in by the server, and the tally for programs. */
@Controller
class ResultController {

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("HH:mm:ss").withZone(ZoneOffset.UTC);

    private static final DateTimeFormatter MINUTE =
            DateTimeFormatter.ofPattern("HH:mm 'UTC'").withZone(ZoneOffset.UTC);

    /** Fits in one line beside its share, in letters as large as a stage needs. */
    private static final int SHORT_LABEL = 24;

    private static final double CHART_HEIGHT = 60;
    private static final double CHART_STEP = 10;

    private final ResultSettings.Poll poll;
    private final TallyWatcher watcher;
    private final PipelineWatcher pipelineWatcher;
    private final PageAssets assets;

    ResultController(
            ResultSettings settings, TallyWatcher watcher, PipelineWatcher pipelineWatcher, PageAssets assets) {
        this.poll = settings.poll();
        this.watcher = watcher;
        this.pipelineWatcher = pipelineWatcher;
        this.assets = assets;
    }

    /** The same for a room: to be put on a wall. */
    @GetMapping("/stage")
    String stage(ServerWebExchange exchange, Model model) {
        model.addAttribute("onStage", true);
        return page(exchange, model);
    }

    @GetMapping("/")
    String page(ServerWebExchange exchange, Model model) {
        var snapshot = watcher.current();
        var tally = snapshot.tally() == null ? Tally.of(poll, Collections.emptyMap(), null) : snapshot.tally();
        var activity =
                snapshot.activity() == null ? Activity.of(Collections.emptyMap(), Instant.now()) : snapshot.activity();
        var peak = Collections.max(activity.votesPerMinute());
        model.addAttribute("question", tally.question());
        model.addAttribute("poll", tally.poll());
        model.addAttribute("options", tally.options());
        model.addAttribute(
                "wordy",
                tally.options().stream().anyMatch(option -> option.label().length() > SHORT_LABEL));
        model.addAttribute("total", tally.total());
        model.addAttribute("asOf", tally.asOf());
        model.addAttribute("asOfText", text(TIME, tally.asOf()));
        model.addAttribute("unreachableSinceText", text(MINUTE, snapshot.unreachableSince()));
        model.addAttribute("votesPerMinute", activity.votesPerMinute());
        model.addAttribute("peak", peak);
        model.addAttribute("chart", chart(activity.votesPerMinute(), peak));
        model.addAttribute("closing", Closing.of(poll.closes(), pipelineWatcher.current(), Instant.now()));
        assets.addTo(model, "");
        var headers = exchange.getResponse().getHeaders();
        headers.setCacheControl("no-store");
        headers.setContentLanguage(exchange.getLocaleContext().getLocale());
        return "result";
    }

    @GetMapping(path = "/api/results", produces = MediaType.APPLICATION_JSON_VALUE)
    ResponseEntity<byte[]> results() {
        var snapshot = watcher.current();
        if (snapshot.tally() == null) {
            throw new ResponseStatusException(HttpStatus.SERVICE_UNAVAILABLE);
        }
        return ResponseEntity.ok().header(HttpHeaders.CACHE_CONTROL, "no-store").body(snapshot.tallyJson());
    }

    @GetMapping(path = "/api/results.csv", produces = "text/csv;charset=UTF-8")
    ResponseEntity<String> resultsAsTable() {
        var tally = watcher.current().tally();
        if (tally == null) {
            throw new ResponseStatusException(HttpStatus.SERVICE_UNAVAILABLE);
        }
        return ResponseEntity.ok()
                .header(HttpHeaders.CACHE_CONTROL, "no-store")
                .header(HttpHeaders.CONTENT_DISPOSITION, "attachment; filename=\"results.csv\"")
                .body(tally.csv());
    }

    private static String text(DateTimeFormatter format, Instant time) {
        return time == null ? null : format.format(time);
    }

    /** One bar of the chart, in the units of its view box. */
    record Bar(double x, double y, double height) {}

    private static List<Bar> chart(List<Long> votesPerMinute, long peak) {
        return IntStream.range(0, votesPerMinute.size())
                .mapToObj(i -> {
                    var exact = peak == 0 ? 0 : CHART_HEIGHT * votesPerMinute.get(i) / peak;
                    var height = Math.round(10 * exact) / 10.0;
                    return new Bar(i * CHART_STEP, CHART_HEIGHT - height, height);
                })
                .toList();
    }
}
