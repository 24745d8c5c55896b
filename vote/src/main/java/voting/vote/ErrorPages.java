package voting.vote;

import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URI;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.tomcat.util.http.InvalidParameterException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.webmvc.error.ErrorController;
import org.springframework.context.MessageSource;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.ControllerAdvice;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RequestMapping;
import voting.vote.VoteCounters.Refusal;
import voting.vote.VoteSettings.Option;

/**
 * Every error, whoever found it (Tomcat, Spring or we), ends here and is told in the voter's language: as a page, or
 * as a problem detail (RFC 9457) to programs.
 */
@Controller
@ControllerAdvice
class ErrorPages implements ErrorController {

    /** When voting again is worth it: group commit recovers within a second or two of Redis. */
    static final String RETRY_AFTER_SECONDS = "2";

    private static final Set<String> VOTE_PATHS = Set.of("/", "/api/votes");

    private static final Logger log = LoggerFactory.getLogger(ErrorPages.class);

    private final MessageSource messages;
    private final PageAssets assets;
    private final VoteCounters counters;
    private final String allowed;
    private final String pollId;

    ErrorPages(MessageSource messages, PageAssets assets, VoteCounters counters, VoteSettings settings) {
        this.messages = messages;
        this.assets = assets;
        this.counters = counters;
        this.pollId = settings.poll().id();
        this.allowed =
                settings.poll().options().all().stream().map(Option::label).collect(Collectors.joining(", "));
    }

    /** Tomcat found the form malformed (400) or too large (413) while reading it. */
    @ExceptionHandler
    void unreadableForm(InvalidParameterException e, HttpServletResponse response) throws IOException {
        if (!response.isCommitted()) { // Tomcat has answered already when the body ended too early
            response.sendError(e.getErrorCode());
        }
    }

    @RequestMapping("/error")
    Object error(HttpServletRequest request, HttpServletResponse response, Locale locale, Model model) {
        var status = statusOf(request);
        if (status == HttpStatus.SERVICE_UNAVAILABLE) {
            response.setHeader(HttpHeaders.RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        if (status == HttpStatus.INTERNAL_SERVER_ERROR) {
            log.error("A request failed unexpectedly.", (Throwable)
                    request.getAttribute(RequestDispatcher.ERROR_EXCEPTION));
        }
        response.setHeader(HttpHeaders.CACHE_CONTROL, "no-store");
        var path = pathOf(request);
        if (isVote(request.getAttribute(RequestDispatcher.ERROR_METHOD), path)) {
            countRefusal(status);
        }
        if (isForProgram(path, request)) {
            var problem = problem(status, locale);
            problem.setInstance(instanceOf(path));
            return ResponseEntity.status(status)
                    .contentType(MediaType.APPLICATION_PROBLEM_JSON)
                    .header(HttpHeaders.CONTENT_LANGUAGE, locale.getLanguage())
                    // Otherwise Spring makes up a file name from the path, and fails at one that is malformed.
                    .header(HttpHeaders.CONTENT_DISPOSITION, "inline;filename=problem.json")
                    .body(problem);
        }
        var root = "../".repeat((int) path.chars().filter(c -> c == '/').count() - 1);
        describe(status, locale, root, model);
        model.addAttribute(VotingBooth.RETRY_CHOICE, request.getAttribute(VotingBooth.RETRY_CHOICE));
        model.addAttribute(VotingBooth.RETRY_BALLOT_ID, request.getAttribute(VotingBooth.RETRY_BALLOT_ID));
        model.addAttribute("pollId", pollId);
        response.setStatus(status.value());
        return "error";
    }

    /** What a program is told; the caller may add where it happened. */
    ProblemDetail problem(HttpStatus status, Locale locale) {
        var problem = ProblemDetail.forStatusAndDetail(status, message("detail", status, locale));
        problem.setTitle(message("title", status, locale));
        return problem;
    }

    /**
     * What the page says in any case.
     *
     * @param root as for {@link PageAssets#addTo}
     */
    void describe(HttpStatus status, Locale locale, String root, Model model) {
        model.addAttribute("status", status.value());
        model.addAttribute("title", message("title", status, locale));
        model.addAttribute("detail", message("detail", status, locale));
        model.addAttribute("home", root.isEmpty() ? "./" : root);
        assets.addTo(model, root);
    }

    static boolean isVote(Object method, String path) {
        return "POST".equals(method) && VOTE_PATHS.contains(path);
    }

    /** What is wrong with the vote itself; one that is not confirmed has been counted where that was found out. */
    private void countRefusal(HttpStatus status) {
        switch (status) {
            case BAD_REQUEST, NOT_ACCEPTABLE, UNSUPPORTED_MEDIA_TYPE -> counters.refused(Refusal.INVALID);
            case FORBIDDEN -> counters.refused(Refusal.FOREIGN);
            case CONFLICT -> counters.refused(Refusal.CLOSED);
            case CONTENT_TOO_LARGE -> counters.refused(Refusal.TOO_LARGE);
            default -> {}
        }
    }

    private static HttpStatus statusOf(HttpServletRequest request) {
        var code = (Integer) request.getAttribute(RequestDispatcher.ERROR_STATUS_CODE);
        var status = code == null ? HttpStatus.NOT_FOUND : HttpStatus.resolve(code);
        return status == null ? HttpStatus.INTERNAL_SERVER_ERROR : status;
    }

    /** What was asked for; "/error" itself when somebody asks for that, which no error led to. */
    private static String pathOf(HttpServletRequest request) {
        var failed = (String) request.getAttribute(RequestDispatcher.ERROR_REQUEST_URI);
        return failed == null ? request.getRequestURI() : failed;
    }

    /** Null when the path is none that a URI can have, such as "/;%". */
    private static URI instanceOf(String path) {
        try {
            return URI.create(path.replaceFirst("^/+", "/")); // "//" would begin a host name
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /** Whether the answer is a problem detail rather than a page. */
    static boolean isForProgram(String path, HttpServletRequest request) {
        var accept = String.valueOf(request.getHeader(HttpHeaders.ACCEPT));
        return path.startsWith("/api/") || accept.contains("json") && !accept.contains("html");
    }

    private String message(String part, HttpStatus status, Locale locale) {
        var fallback = messages.getMessage("error.default." + part, null, locale);
        return messages.getMessage("error." + status.value() + "." + part, new Object[] {allowed}, fallback, locale);
    }
}
