package voting.vote;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.spi.ConfigurationException;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import io.prometheus.metrics.tracer.common.SpanContext;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.core.Ordered;
import org.springframework.core.env.Environment;

/**
 * Traces of some of the votes, sent by OTLP to {@code OTEL_EXPORTER_OTLP_ENDPOINT}; without it there are none, and nothing
 * runs for them. {@code OTEL_TRACES_SAMPLER_ARG} is the share of votes, and the SDK's other variables apply as well.
 */
@Configuration
class Tracing {

    /** What the SDK reads by its own names, unless the environment says otherwise. */
    private static final Map<String, String> DEFAULTS = Map.of(
            "otel.service.name", "vote",
            "otel.exporter.otlp.protocol", "http/protobuf",
            "otel.metrics.exporter", "none",
            "otel.logs.exporter", "none",
            // One vote in a hundred: at 25,000 votes/s more would be a load of its own.
            "otel.traces.sampler", "traceidratio",
            "otel.traces.sampler.arg", "0.01",
            // A collector that is away costs a stop no more than this; what it missed is not worth repeating.
            "otel.exporter.otlp.timeout", "2000",
            "otel.java.exporter.otlp.retry.disabled", "true",
            "otel.bsp.schedule.delay", "1000");

    private static final Logger log = LoggerFactory.getLogger(Tracing.class);

    /** The same as in the environment of the process, except in tests. */
    private static Map<String, String> settings(Environment environment) {
        var settings = new HashMap<String, String>();
        for (var name : new String[] {"otel.exporter.otlp.endpoint", "otel.traces.sampler.arg"}) {
            var value = environment.getProperty(name);
            if (value != null) {
                settings.put(name, value);
            }
        }
        return settings;
    }

    private static boolean isOn(Environment environment) {
        return !environment.getProperty("otel.exporter.otlp.endpoint", "").isBlank();
    }

    @Bean
    OpenTelemetry openTelemetry(Environment environment) {
        if (!isOn(environment)) {
            return OpenTelemetry.noop();
        }
        try {
            return AutoConfiguredOpenTelemetrySdk.builder()
                    .disableShutdownHook()
                    .addPropertiesSupplier(() -> DEFAULTS)
                    .addPropertiesCustomizer(config -> settings(environment))
                    .addSpanExporterCustomizer((exporter, config) -> new OutspokenExporter(exporter))
                    .build()
                    .getOpenTelemetrySdk();
        } catch (ConfigurationException e) {
            log.warn("There are no traces: {}. Voting does not need them.", e.getMessage());
            return OpenTelemetry.noop();
        }
    }

    /** Lets histograms show a trace beside a bucket (exemplars); null without traces. */
    @Bean
    SpanContext exemplars(Environment environment) {
        return isOn(environment) ? new CurrentSpan() : null;
    }

    @Bean
    FilterRegistrationBean<TraceFilter> traceFilter(OpenTelemetry openTelemetry, Environment environment) {
        var registration = new FilterRegistrationBean<>(new TraceFilter(openTelemetry.getTracer("voting.vote")));
        registration.setOrder(Ordered.HIGHEST_PRECEDENCE); // around the one that times requests: for its exemplars
        registration.setEnabled(isOn(environment));
        return registration;
    }

    private static final class CurrentSpan implements SpanContext {

        @Override
        public String getCurrentTraceId() {
            return isCurrentSpanSampled() ? Span.current().getSpanContext().getTraceId() : null;
        }

        @Override
        public String getCurrentSpanId() {
            return isCurrentSpanSampled() ? Span.current().getSpanContext().getSpanId() : null;
        }

        @Override
        public boolean isCurrentSpanSampled() {
            return Span.current().getSpanContext().isSampled();
        }

        @Override
        public void markCurrentSpanAsExemplar() {
            // No sampler of ours keeps a span for that.
        }
    }

    /** Says when spans begin to be lost, and when they arrive again; the SDK would say it every time. */
    private static final class OutspokenExporter implements SpanExporter {

        private final SpanExporter exporter;
        private final AtomicBoolean failing = new AtomicBoolean();

        OutspokenExporter(SpanExporter exporter) {
            this.exporter = exporter;
        }

        @Override
        public CompletableResultCode export(Collection<SpanData> spans) {
            var result = exporter.export(spans);
            return result.whenComplete(() -> {
                var failed = !result.isSuccess();
                if (failing.compareAndSet(!failed, failed)) {
                    if (failed) {
                        log.warn(
                                "Traces do not reach the collector of OTEL_EXPORTER_OTLP_ENDPOINT: {}. Voting does not"
                                        + " need them. Will keep trying.",
                                String.valueOf(
                                        NestedExceptionUtils.getMostSpecificCause(result.getFailureThrowable())));
                    } else {
                        log.info("Traces reach the collector.");
                    }
                }
            });
        }

        @Override
        public CompletableResultCode flush() {
            return exporter.flush();
        }

        @Override
        public CompletableResultCode shutdown() {
            return exporter.shutdown();
        }
    }
}
