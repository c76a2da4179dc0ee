package org.atelier4j.examples;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.atelier4j.io.Json;
import org.jspecify.annotations.Nullable;

/**
 * How a model stands beside another one that {@code ./atelier eval --json} judged before. Only what was measured alike is
 * compared: by the same network, of as many images, against the same data.
 *
 * @param file where the other one's results are
 * @param tree what is in it
 */
record Comparison(Path file, Map<String, @Nullable Object> tree) {
    private static final List<String> EQUAL = List.of("data", "extractor", "count");

    /** Reads the results of the other model. */
    static Comparison read(Path file) {
        Map<String, @Nullable Object> tree = Json.read(file);
        if (!(tree.get("metrics") instanceof Map<?, ?>)) {
            throw new RunException(file + " holds no results of ./atelier eval --json");
        }
        return new Comparison(file, tree);
    }

    /** Prints each number that both have, and their ratio; adds the ratios to the results of the new model. */
    void print(Map<String, Object> result, List<Measure> measures, PrintWriter screen) {
        checkAlike(result);
        Map<String, @Nullable Object> theirs = Json.object(tree.get("metrics"), file);
        Map<String, Object> ratios = new LinkedHashMap<>();
        screen.printf("%nBeside %s, from %s%n", tree.get("model"), file);
        screen.printf("  %-16s %12s %12s %12s   %s%n", "", "this", "that", "this / that", "better");
        for (Measure m : measures) {
            if (theirs.get(m.name()) instanceof Map<?, ?> line && line.get("mean") instanceof Number that) {
                double ratio = m.mean() / that.doubleValue();
                ratios.put(m.name(), ratio);
                screen.printf(
                        Locale.ROOT,
                        "  %-16s %12.4f %12.4f %12.3f   %s%n",
                        m.name(),
                        m.mean(),
                        that.doubleValue(),
                        ratio,
                        m.goal());
            }
        }
        screen.flush();
        result.put("comparedWith", Map.of("file", file.toString(), "ratios", ratios));
    }

    /** Checks that the new model was, or will be, measured as the other one was. */
    void checkAlike(Map<String, Object> result) {
        Map<String, @Nullable Object> ours = Json.object(Json.parse(Json.write(result)), "results");
        for (String key : EQUAL) {
            if (!Objects.equals(ours.get(key), tree.get(key))) {
                throw new RunException("only equal measurements compare: " + key + " is " + ours.get(key) + " here and "
                        + tree.get(key) + " in " + file);
            }
        }
    }
}
