package org.atelier4j.model;

import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/** Anything that yields images one batch after the other: a data set, a sampler. */
public interface ImageSource {

    /** Returns the shape of one image, (H, W, C). */
    Shape imageShape();

    /**
     * Returns the next images as FLOAT32 (n, H, W, C) in [−1, 1].
     *
     * @param count how many are wanted, ≥ 1; fewer come at the end of a source that ends, and none (n = 0) after it
     */
    Tensor next(int count);
}
