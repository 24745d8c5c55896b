package voting.result;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import java.util.Set;

/** A span in words, as {@code traceparent} of the W3C's Trace Context has it. */
final class TraceParent {

    private static final TextMapGetter<String> ITSELF = new TextMapGetter<>() {
        @Override
        public Iterable<String> keys(String traceParent) {
            return Set.of("traceparent");
        }

        @Override
        public String get(String traceParent, String key) {
            return key.equals("traceparent") ? traceParent : null;
        }
    };

    private TraceParent() {}

    /** Invalid when the text is none. */
    static SpanContext parse(String traceParent) {
        var context = W3CTraceContextPropagator.getInstance().extract(Context.root(), traceParent, ITSELF);
        return Span.fromContext(context).getSpanContext();
    }
}
