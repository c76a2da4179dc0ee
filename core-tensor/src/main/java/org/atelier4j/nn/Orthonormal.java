package org.atelier4j.nn;

/** Orthonormal bases by Gram and Schmidt. */
final class Orthonormal {
    private Orthonormal() {}

    /**
     * Returns {@code count} orthonormal rows of the given length that span what the rows of {@code values} span. From
     * normal values the result is uniformly distributed: the signs are those of a QR decomposition with a positive
     * diagonal (Mezzadri 2006, arXiv:math-ph/0609050).
     *
     * @param values (count, length), last axis fastest; {@code count ≤ length}
     */
    static double[][] rows(double[] values, int count, int length) {
        double[][] q = new double[count][length];
        for (int i = 0; i < count; i++) {
            System.arraycopy(values, i * length, q[i], 0, length);
            for (int pass = 0; pass < 2; pass++) { // the second pass removes what rounding left
                for (int j = 0; j < i; j++) {
                    addScaled(q[i], q[j], -dot(q[i], q[j]));
                }
            }
            double scale = 1 / Math.sqrt(dot(q[i], q[i]));
            for (int k = 0; k < length; k++) {
                q[i][k] *= scale;
            }
        }
        return q;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int k = 0; k < a.length; k++) {
            sum += a[k] * b[k];
        }
        return sum;
    }

    private static void addScaled(double[] target, double[] x, double scale) {
        for (int k = 0; k < target.length; k++) {
            target[k] += scale * x[k];
        }
    }
}
