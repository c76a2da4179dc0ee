package org.atelier4j.examples;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.atelier4j.metrics.Confusion;
import org.atelier4j.metrics.Estimate;

/**
 * One line of {@code ./atelier eval}.
 *
 * @param name of the metric, as {@code FD_FM}
 * @param goal where it should go, in a word: {@code lower}, {@code higher}, {@code near 1}
 * @param values one for each seed
 * @param noise how far it scatters by chance: between the seeds if there are several, else as estimated from parts
 * @param real the same for real images in place of the generated ones: what a perfect model would get
 * @param chance the same with the classes dealt out at random
 */
record Measure(
        String name,
        String goal,
        List<Double> values,
        OptionalDouble noise,
        OptionalDouble real,
        Optional<Confusion> chance) {

    /** Returns a line whose noise, if there are several values, is their standard deviation, and else {@code noise}. */
    static Measure of(String name, String goal, List<Double> values, OptionalDouble noise, OptionalDouble real) {
        boolean several = values.size() > 1;
        return new Measure(
                name,
                goal,
                List.copyOf(values),
                several ? OptionalDouble.of(deviation(values)) : noise,
                real,
                Optional.empty());
    }

    Measure withChance(Confusion value) {
        return new Measure(name, goal, values, noise, real, Optional.of(value));
    }

    double mean() {
        return values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
    }

    /** Returns the standard deviation, divided by n − 1. */
    private static double deviation(List<Double> values) {
        double[] numbers = values.stream().mapToDouble(Double::doubleValue).toArray();
        Estimate estimate = Estimate.of(numbers);
        return estimate.standardError() * Math.sqrt(numbers.length);
    }

    /** Returns this for JSON. */
    Map<String, Object> toTree() {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("mean", mean());
        tree.put("values", values);
        noise.ifPresent(v -> tree.put("noise", v));
        real.ifPresent(v -> tree.put("real", v));
        chance.ifPresent(c -> {
            tree.put("chance", c.accuracy());
            tree.put("chanceDeviation", c.chanceDeviation());
        });
        tree.put("goal", goal);
        return tree;
    }
}
