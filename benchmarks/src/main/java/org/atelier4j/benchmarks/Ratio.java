package org.atelier4j.benchmarks;

import java.util.List;
import java.util.Locale;
import org.apache.commons.math3.distribution.TDistribution;
import org.atelier4j.tensor.Check;

/**
 * How many times as long another engine takes: the geometric mean over turns, and its 95 % confidence interval by Student's
 * distribution of the logarithms.
 *
 * @param value above 1 where the library is faster
 * @param low lower end of the interval
 * @param high upper end of the interval
 */
public record Ratio(double value, double low, double high) {
    private static final double CONFIDENCE = 0.95;

    /** Returns the ratio of times taken in pairs, turn by turn in one process. */
    public static Ratio paired(List<Double> other, List<Double> own) {
        Check.that(
                other.size() == own.size() && own.size() >= 2,
                "ratio: there must be as many times of both, at least 2, got %d and %d",
                other.size(),
                own.size());
        double[] logs = new double[own.size()];
        for (int i = 0; i < logs.length; i++) {
            logs[i] = Math.log(other.get(i) / own.get(i));
        }
        return of(mean(logs), variance(logs) / logs.length, logs.length - 1);
    }

    /** Returns the ratio of times taken at different moments (Welch 1947). */
    public static Ratio unpaired(List<Double> other, List<Double> own) {
        Check.that(
                other.size() >= 2 && own.size() >= 2,
                "ratio: there must be at least 2 times of both, got %d and %d",
                other.size(),
                own.size());
        double[] a = other.stream().mapToDouble(Math::log).toArray();
        double[] b = own.stream().mapToDouble(Math::log).toArray();
        double va = variance(a) / a.length;
        double vb = variance(b) / b.length;
        double freedom = va + vb == 0
                ? a.length + b.length - 2
                : (va + vb) * (va + vb) / (va * va / (a.length - 1) + vb * vb / (b.length - 1));
        return of(mean(a) - mean(b), va + vb, freedom);
    }

    /** Returns the geometric mean of independent ratios; the errors of their logarithms add as squares. */
    public static Ratio mean(List<Ratio> ratios) {
        Check.that(!ratios.isEmpty(), "ratio: there must be ratios to take a mean of, got none");
        double log = 0;
        double square = 0;
        for (Ratio r : ratios) {
            double half = Math.log(r.high() / r.low()) / 2;
            log += Math.log(r.value()) / ratios.size();
            square += half * half;
        }
        double half = Math.sqrt(square) / ratios.size();
        return new Ratio(Math.exp(log), Math.exp(log - half), Math.exp(log + half));
    }

    private static Ratio of(double log, double squaredError, double freedom) {
        double reach = new TDistribution(freedom).inverseCumulativeProbability((1 + CONFIDENCE) / 2);
        double half = reach * Math.sqrt(squaredError);
        return new Ratio(Math.exp(log), Math.exp(log - half), Math.exp(log + half));
    }

    /** Returns the middle time. */
    public static double median(List<Double> times) {
        List<Double> sorted = times.stream().sorted().toList();
        int n = sorted.size();
        Check.that(n > 0, "median: there must be times, got none");
        return (sorted.get((n - 1) / 2) + sorted.get(n / 2)) / 2;
    }

    private static double mean(double[] values) {
        return java.util.Arrays.stream(values).average().orElse(Double.NaN);
    }

    private static double variance(double[] values) {
        double mean = mean(values);
        double sum = 0;
        for (double v : values) {
            sum += (v - mean) * (v - mean);
        }
        return sum / (values.length - 1);
    }

    /** Returns the ratio and its interval, as {@code 1.62 (1.58–1.66)}. */
    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%.2f (%.2f–%.2f)", value, low, high);
    }
}
