package voting.result;

import org.springframework.http.HttpHeaders;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.server.ServerWebExchange;

/** {@code /pipeline}: the picture of the whole system, already filled in by the server. */
@Controller
class PipelineController {

    private final PipelineWatcher watcher;
    private final PageAssets assets;

    PipelineController(PipelineWatcher watcher, PageAssets assets) {
        this.watcher = watcher;
        this.assets = assets;
    }

    @GetMapping("/pipeline")
    String page(ServerWebExchange exchange, Model model) {
        model.addAttribute("pipeline", watcher.current());
        assets.addTo(model, "");
        var headers = exchange.getResponse().getHeaders();
        headers.set(HttpHeaders.CACHE_CONTROL, "no-store");
        headers.setContentLanguage(exchange.getLocaleContext().getLocale());
        return "pipeline";
    }
}
