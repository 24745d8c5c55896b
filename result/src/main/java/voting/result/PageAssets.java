package voting.result;

import org.springframework.core.io.ClassPathResource;
import org.springframework.stereotype.Component;
import org.springframework.ui.Model;
import org.springframework.web.reactive.resource.ContentVersionStrategy;

/** The static files of the pages, under the names with the content hash that browsers may keep. */
@Component
class PageAssets {

    private final String stylesheet = hashed("style.css");
    private final String script = hashed("live.js");
    private final String stageStylesheet = hashed("stage.css");
    private final String pipelineStylesheet = hashed("pipeline.css");
    private final String pipelineScript = hashed("pipeline.js");
    private final String favicon = hashed("favicon.svg");

    /**
     * @param root relative path from the page to the root of the service: "" or "../" once per directory, so that
     *     pages work under any prefix
     */
    void addTo(Model model, String root) {
        model.addAttribute("stylesheet", root + stylesheet);
        model.addAttribute("script", root + script);
        model.addAttribute("stageStylesheet", root + stageStylesheet);
        model.addAttribute("pipelineStylesheet", root + pipelineStylesheet);
        model.addAttribute("pipelineScript", root + pipelineScript);
        model.addAttribute("favicon", root + favicon);
    }

    private static String hashed(String file) {
        var strategy = new ContentVersionStrategy();
        var version = strategy.getResourceVersion(new ClassPathResource("static/" + file));
        return strategy.addVersion(file, version.blockOptional().orElseThrow());
    }
}
