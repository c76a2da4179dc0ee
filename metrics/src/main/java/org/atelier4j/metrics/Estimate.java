package org.atelier4j.metrics;

import java.util.Arrays;
import java.util.Locale;
import org.atelier4j.tensor.Check;

/**
 * A number measured several times.
 *
 * @param mean of the measurements
 * @param deviation their standard deviation, divided by n (not n − 1): the spread that papers print behind ±
 * @param count n, the number of measurements
 */
public record Estimate(double mean, double deviation, int count) {

    /** Returns mean and standard deviation of measurements. */
    public static Estimate of(double[] values) {
        Check.that(values.length > 0, "Estimate: at least one value must be given, got none");
        double mean = Arrays.stream(values).average().orElseThrow();
        double squares = Arrays.stream(values)
                .map(v -> (v - mean) * (v - mean))
                .average()
                .orElseThrow();
        return new Estimate(mean, Math.sqrt(squares), values.length);
    }

    /**
     * Returns the standard error of the mean, s/√n with s² divided by n − 1; NaN for a single measurement. It is honest
     * only where the measurements shared no data.
     */
    public double standardError() {
        return count < 2 ? Double.NaN : deviation / Math.sqrt(count - 1.0);
    }

    /** Returns {@code mean ± deviation} with four digits after the point. */
    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%.4f ± %.4f", mean, deviation);
    }
}
