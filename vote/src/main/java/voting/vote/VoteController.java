package voting.vote;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.FormatStyle;
import java.util.Locale;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import voting.vote.VoteSettings.Mode;

/** The page: the question, one button per option, and the voter's current choice. */
@Controller
class VoteController {

    private static final DateTimeFormatter CLOSING_TIME = DateTimeFormatter.ofLocalizedDateTime(
                    FormatStyle.LONG, FormatStyle.SHORT)
            .withZone(ZoneOffset.UTC);

    private final VoteSettings.Poll poll;
    private final VotingBooth booth;
    private final BallotAppender appender;
    private final PageAssets assets;

    VoteController(VoteSettings settings, VotingBooth booth, BallotAppender appender, PageAssets assets) {
        this.poll = settings.poll();
        this.booth = booth;
        this.appender = appender;
        this.assets = assets;
    }

    @GetMapping("/")
    String page(HttpServletRequest request, HttpServletResponse response, Locale locale, Model model) {
        var everyClickCounts = poll.mode() == Mode.EVERY_CLICK_COUNTS;
        if (!everyClickCounts) {
            // Known before the first vote: a first vote that is sent twice is still one voter's.
            VoterCookies.identify(request, response);
        }
        var chosen = poll.options().find(VoterCookies.choice(poll.id(), request));
        model.addAttribute("question", poll.question());
        model.addAttribute(
                "options",
                poll.options().all().stream()
                        .map(option -> new Button(option.id(), option.label(), option.equals(chosen)))
                        .toList());
        model.addAttribute("choice", chosen == null ? null : chosen.label());
        model.addAttribute("everyClickCounts", everyClickCounts);
        model.addAttribute("ballotId", everyClickCounts ? VoterCookies.newId() : null);
        model.addAttribute("pollId", poll.id());
        model.addAttribute("closed", poll.isClosedAt(Instant.now()));
        model.addAttribute(
                "closes",
                poll.closes() == null ? null : CLOSING_TIME.withLocale(locale).format(poll.closes()) + " UTC");
        model.addAttribute("accepting", appender.outage() == null);
        assets.addTo(model, "");
        // The page is this voter's own, and it shows the choice of this moment.
        response.setHeader(HttpHeaders.CACHE_CONTROL, "no-store");
        return "vote";
    }

    /** Answers 303 to the page, so that a reload does not vote again. */
    @PostMapping(path = "/", consumes = MediaType.APPLICATION_FORM_URLENCODED_VALUE)
    void vote(HttpServletRequest request, HttpServletResponse response) {
        var pollId = single("poll_id", request);
        if (pollId != null && !pollId.equals(poll.id())) {
            throw new PollClosedException(); // the page is that of an earlier poll
        }
        booth.cast(single("vote", request), single("ballot_id", request), request, response);
        response.setStatus(HttpStatus.SEE_OTHER.value());
        response.setHeader(HttpHeaders.LOCATION, "./"); // relative: also right behind a path prefix
    }

    private static String single(String field, HttpServletRequest request) {
        var values = request.getParameterValues(field);
        if (values != null && values.length > 1) {
            throw new InvalidVoteException("the field " + field + " is there " + values.length + " times");
        }
        return values == null ? null : values[0];
    }

    /** One option as the page shows it. */
    record Button(String id, String label, boolean chosen) {}
}
