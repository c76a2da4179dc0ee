package org.atelier4j.metrics;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;

/** What metrics ask of features (N, D) before they compare them. */
final class Rows {
    private Rows() {}

    /**
     * Checks that all features are numbers.
     *
     * @param first the number of the first row's image, for the message
     */
    static void checkFinite(String extractor, Tensor rows, long first) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor sums = rows.detach().to(DType.FLOAT64).sum(1); // (N, 1), not finite where an entry is not
            double[] perRow = sums.toDoubles();
            for (int i = 0; i < perRow.length; i++) {
                Check.that(
                        Double.isFinite(perRow[i]),
                        "%s: features must be finite, got %s in the features of image %d",
                        extractor,
                        Double.isNaN(perRow[i]) ? "NaN" : "infinity",
                        first + i);
            }
        }
    }

    /** Checks two sets of rows (N, D) and (M, D) with at least {@code minimum} rows each. */
    static void checkPair(String metric, Tensor a, Tensor b, int minimum) {
        Check.rank(metric, 2, "(N, D)", a);
        Check.rank(metric, 2, "(N, D)", b);
        Check.shape(
                a.dim(1) == b.dim(1), "%s: rows must be of one length D, got %s and %s", metric, a.shape(), b.shape());
        checkCount(metric, a.dim(0), minimum);
        checkCount(metric, b.dim(0), minimum);
    }

    /** Checks that there are enough rows. */
    static void checkCount(String metric, long count, long minimum) {
        Check.that(count >= minimum, "%s: at least %d images are needed, got %d", metric, minimum, count);
    }

    /** Checks that two sets of features come from one network. */
    static void checkSameNetwork(String metric, String nameA, String hashA, String nameB, String hashB) {
        Check.that(
                nameA.equals(nameB) && hashA.equals(hashB),
                "%s: both sets of features must come from one network, got %s (%s) and %s (%s)",
                metric,
                nameA,
                shortened(hashA),
                nameB,
                shortened(hashB));
    }

    private static String shortened(String hash) {
        return hash.isEmpty() ? "no hash" : hash.substring(0, Math.min(12, hash.length()));
    }
}
