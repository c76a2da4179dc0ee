package org.atelier4j.vqvae;

import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;

/**
 * K points that stand for many (Lloyd 1982, "Least squares quantization in PCM"): each becomes the mean of the points that
 * are nearer to it than to the others, again and again.
 */
final class KMeans {
    private KMeans() {}

    /**
     * Returns K means (K, D) of points (N, D), from K different ones of them; with fewer points than means some coincide. A
     * mean that no point is nearest to stays where it is.
     */
    static Tensor fit(Tensor points, int k, int rounds, Rng rng) {
        int[] order = rng.permutation(points.dim(0));
        int[] first = new int[k];
        for (int i = 0; i < k; i++) {
            first[i] = order[i % order.length];
        }
        Tensor means = points.gatherRows(Tensor.of(first, k)); // (K, D)
        for (int round = 0; round < rounds; round++) {
            try (TensorScope scope = TensorScope.open()) {
                means = scope.keep(improve(points, means));
            }
        }
        return means;
    }

    private static Tensor improve(Tensor points, Tensor means) {
        int k = means.dim(0);
        Tensor nearest = points.nearestRow(means); // (N)
        Tensor counts = Tensor.ones(points.dim(0), 1).scatterAddRows(nearest, k); // (K, 1)
        Tensor sums = points.scatterAddRows(nearest, k); // (K, D)
        Tensor one = Tensor.full(1, counts.dtype(), Shape.of(1));
        return Tensor.where(counts.greater(0), sums.div(counts.max(one)), means); // (K, D)
    }
}
