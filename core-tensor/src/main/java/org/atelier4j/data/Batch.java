package org.atelier4j.data;

import org.atelier4j.tensor.Tensor;

/**
 * Some examples of a labelled image set.
 *
 * @param images FLOAT32 (B, H, W, C) in [−1, 1]
 * @param labels INT32 (B)
 */
public record Batch(Tensor images, Tensor labels) {

    /** Returns the number of examples. */
    public int size() {
        return images.dim(0);
    }
}
