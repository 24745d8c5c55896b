package voting.load;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** A line chart as SVG; both axes start at 0. */
record Chart(String title, List<Series> series) {

    private static final int WIDTH = 720;
    private static final int HEIGHT = 220;
    private static final int LEFT = 56;
    private static final int BOTTOM = 24;
    private static final int TOP = 8;
    private static final int STEPS = 4;

    /** @param points each of x and y */
    record Series(String name, List<double[]> points) {}

    String html() {
        var html = new StringBuilder("<p class=legend>%s<br>".formatted(Page.escape(title)));
        for (int i = 0; i < series.size(); i++) {
            html.append("<span><i style=\"background:var(--c%d)\"></i>%s</span>"
                    .formatted(i, Page.escape(series.get(i).name())));
        }
        html.append("</p>\n<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n"
                .formatted(WIDTH, HEIGHT, Page.escape(title).replace("\"", "&quot;")));
        var right = STEPS * Math.ceil(Math.max(1, largest(0)) / STEPS);
        var top = roundUp(largest(1));
        for (int step = 0; step <= STEPS; step++) {
            grid(html, step / (double) STEPS, right, top);
        }
        for (int i = 0; i < series.size(); i++) {
            html.append("<polyline class=line style=\"stroke:var(--c%d)\" points=\"%s\"/>\n"
                    .formatted(i, points(series.get(i), right, top)));
        }
        return html.append("</svg>\n").toString();
    }

    private static void grid(StringBuilder html, double part, double right, double top) {
        var y = y(part);
        html.append("<line class=grid x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>".formatted(LEFT, WIDTH, y, y));
        html.append("<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>"
                .formatted(LEFT - 6, y + 4, label(part * top)));
        html.append("<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%s</text>\n"
                .formatted(x(part), HEIGHT - 6, part == 1 ? "end" : "middle", label(part * right)));
    }

    private static String points(Series series, double right, double top) {
        return series.points().stream()
                .map(point -> String.format(Locale.ROOT, "%.1f,%.1f", x(point[0] / right), y(point[1] / top)))
                .collect(Collectors.joining(" "));
    }

    private static double x(double part) {
        return LEFT + part * (WIDTH - LEFT);
    }

    private static double y(double part) {
        return HEIGHT - BOTTOM - part * (HEIGHT - BOTTOM - TOP);
    }

    private double largest(int axis) {
        return series.stream()
                .flatMap(each -> each.points().stream())
                .mapToDouble(point -> point[axis])
                .max()
                .orElse(0);
    }

    /** To 1, 2, 4, 6, 8 or 10 times a power of ten: all of them have readable quarters. */
    static double roundUp(double value) {
        if (value <= 0) {
            return 1;
        }
        var power = Math.pow(10, Math.floor(Math.log10(value)));
        return List.of(1, 2, 4, 6, 8, 10).stream()
                        .filter(factor -> value <= factor * power * (1 + 1e-9))
                        .findFirst()
                        .orElse(10)
                * power;
    }

    private static String label(double value) {
        if (value >= 10_000) {
            return "%,.0fk".formatted(value / 1000);
        }
        return value == Math.rint(value) ? "%,.0f".formatted(value) : "%.2f".formatted(value);
    }
}
