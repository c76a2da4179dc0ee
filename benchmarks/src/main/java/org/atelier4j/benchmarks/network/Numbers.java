package org.atelier4j.benchmarks.network;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.atelier4j.tensor.Check;

/** Inputs that all engines share, and the check that they got the same results from them. */
public final class Numbers {
    /** Largest error of a result, relative to its norm. */
    public static final double TOLERANCE = 1e-4;

    /** The same for gradients of large batches through functions with kinks, see {@link Network#isSmooth}. */
    public static final double WITH_KINKS = 1e-2;

    private static final String GRADIENT = "gradient";

    private Numbers() {}

    /** Returns n numbers of mean 0 and variance 1, the same for the same seed. */
    public static float[] of(long seed, int n) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[n];
        float width = (float) (2 * Math.sqrt(3));
        for (int i = 0; i < n; i++) {
            values[i] = width * ((random.nextInt() >>> 8) * 0x1p-24f - 0.5f);
        }
        return values;
    }

    /** Returns n labels or codes in [0, k), the same for the same seed. */
    static int[] integers(long seed, int n, int k) {
        return new SplittableRandom(seed).ints(n, 0, k).toArray();
    }

    /**
     * Checks that two engines computed the same.
     *
     * <p>Errors are relative to the norm of the result, or to a hundredth of what a result of its size would have at the
     * largest root mean square of its kind, where that is more: the gradient of an attention's key bias, for example, is 0
     * but for rounding. Of one kind are results whose names begin with the same word.
     *
     * @throws IllegalStateException if they did not; then times say nothing
     */
    public static void checkSame(String task, String engine, Map<String, float[]> results, Map<String, float[]> truth) {
        checkSame(task, engine, results, truth, TOLERANCE, TOLERANCE);
    }

    /**
     * Checks the same with other tolerances, one of them for what is called a gradient.
     *
     * @throws IllegalStateException if results differ
     */
    public static void checkSame(
            String task,
            String engine,
            Map<String, float[]> results,
            Map<String, float[]> truth,
            double otherTolerance,
            double gradientTolerance) {
        Check.state(
                new TreeMap<>(results).keySet().equals(new TreeMap<>(truth).keySet()),
                "%s by %s: comparison is void: results must be %s, got %s",
                task,
                engine,
                truth.keySet(),
                results.keySet());
        Map<String, Double> largest = new HashMap<>();
        truth.forEach((name, v) -> largest.merge(kind(name), norm(v) / Math.sqrt(v.length), Math::max));
        truth.forEach((name, expected) -> {
            float[] actual = Objects.requireNonNull(results.get(name), name);
            Check.state(
                    actual.length == expected.length,
                    "%s by %s: comparison is void: %s must have %d values, got %d",
                    task,
                    engine,
                    name,
                    expected.length,
                    actual.length);
            double scale = Math.max(
                    norm(expected),
                    0.01 * Objects.requireNonNull(largest.get(kind(name))) * Math.sqrt(expected.length));
            double error = distance(actual, expected) / scale;
            double tolerance = kind(name).equals(GRADIENT) ? gradientTolerance : otherTolerance;
            Check.state(
                    error <= tolerance,
                    "%s by %s: comparison is void: the relative error of %s must be <= %s, got %.2e",
                    task,
                    engine,
                    name,
                    tolerance,
                    error);
        });
    }

    private static String kind(String name) {
        return name.split(" ", 2)[0];
    }

    private static double norm(float[] a) {
        double sum = 0;
        for (float v : a) {
            sum += (double) v * v;
        }
        return Math.sqrt(sum);
    }

    private static double distance(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            double d = (double) a[i] - b[i];
            sum += d * d;
        }
        return Math.sqrt(sum);
    }
}
