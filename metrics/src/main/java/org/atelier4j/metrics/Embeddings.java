package org.atelier4j.metrics;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Tensor;

/** Embeddings of images and texts in one space. */
final class Embeddings {
    private Embeddings() {}

    /** Checks embeddings (N, D) of pairs. */
    static void checkPairs(String metric, Tensor a, Tensor b) {
        Rows.checkPair(metric, a, b, 1);
        Check.shape(
                a.dim(0) == b.dim(0),
                "%s: there must be one text per image, got %s and %s",
                metric,
                a.shape(),
                b.shape());
        Rows.checkFinite(metric, a, 0);
        Rows.checkFinite(metric, b, 0);
    }

    /** Returns rows of unit length, FLOAT64; zeros stay. */
    static Tensor normalized(Tensor rows) {
        Tensor x = rows.detach().to(DType.FLOAT64);
        return x.div(x.norm(1).max(Tensor.of(new double[] {Double.MIN_NORMAL}, 1)));
    }
}
