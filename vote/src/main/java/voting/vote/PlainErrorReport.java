package voting.vote;

import java.io.IOException;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ErrorReportValve;

/**
 * What Tomcat answers to bytes that are hardly HTTP, before any page of ours can: one plain sentence instead of its
 * own page. Public because Tomcat creates it by name.
 */
public final class PlainErrorReport extends ErrorReportValve {

    @Override
    protected void report(Request request, Response response, Throwable throwable) {
        if (response.getStatus() < 400 || response.getContentWritten() > 0 || !response.setErrorReported()) {
            return;
        }
        try {
            response.setContentType("text/plain");
            response.setCharacterEncoding("utf-8");
            var writer = response.getReporter();
            if (writer != null) {
                writer.write("The request could not be understood (" + response.getStatus() + ").\n");
                response.finishResponse();
            }
        } catch (IOException e) {
            container.getLogger().debug("The client is gone before it could be told about its error", e);
        }
    }
}
