package org.atelier4j.metrics.image;

import org.atelier4j.tensor.Tensor;

/** How far two images are apart for a judge: 0 for equal ones, more for less alike; LPIPS is one. */
@FunctionalInterface
public interface ImageDistance {

    /**
     * Returns the distance of each pair, (B).
     *
     * @param a FLOAT32 (B, H, W, C) in [−1, 1]
     * @param b of the same shape
     */
    Tensor between(Tensor a, Tensor b);
}
