package voting.vote;

import java.net.InetAddress;
import java.net.UnknownHostException;
import org.springframework.stereotype.Component;
import org.springframework.ui.Model;
import org.springframework.web.servlet.resource.ResourceUrlProvider;

/** What every page needs: the hashed names of the static files, and the name of the serving host. */
@Component
class PageAssets {

    private final ResourceUrlProvider urls;
    private final String host = hostName();

    PageAssets(ResourceUrlProvider urls) {
        this.urls = urls;
    }

    /**
     * @param root relative path from the page to the root of the service: "" or "../" once per directory, so that
     *     pages work under any prefix
     */
    void addTo(Model model, String root) {
        model.addAttribute("stylesheet", root + hashed("/style.css"));
        model.addAttribute("favicon", root + hashed("/favicon.svg"));
        model.addAttribute("host", host);
    }

    private String hashed(String path) {
        var url = urls.getForLookupPath(path);
        return (url == null ? path : url).substring(1);
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "unknown host";
        }
    }
}
