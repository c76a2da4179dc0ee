package org.atelier4j.vqvae;

import org.atelier4j.nn.Layer;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/**
 * K vectors, how often each was used of late, and, where they learn by moving average, the sums that they are means of.
 * Names as in the published code: {@code weight} (K, D), {@code cluster_size} (K), {@code embed_avg} (K, D).
 */
final class CodeTable extends Layer {
    final Tensor weight;
    final Tensor clusterSize; // N of eq. 6
    final Tensor embedAvg; // m of eq. 7

    /** Makes a table whose vectors are trained by gradients, or else are a buffer. */
    CodeTable(Tensor initial, boolean trained) {
        weight = trained ? parameter("weight", initial) : buffer("weight", initial);
        clusterSize = buffer("cluster_size", Tensor.ones(initial.dim(0)));
        embedAvg = trained ? weight : buffer("embed_avg", initial);
    }

    /** Sets all vectors, each as if it had been used once. */
    void fill(Tensor vectors) {
        weight.assign(vectors);
        clusterSize.assign(Tensor.full(1, clusterSize.dtype(), Shape.of(clusterSize.dim(0))));
        if (embedAvg != weight) {
            embedAvg.assign(vectors);
        }
    }
}
