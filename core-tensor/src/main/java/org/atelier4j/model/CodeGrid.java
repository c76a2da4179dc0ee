package org.atelier4j.model;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Tensor;

/**
 * Images as grids of codes: what a quantizer produces and what autoregressive and masked priors model.
 *
 * @param codes INT32 (B, h, w), each in [0, size)
 * @param size K, the number of codes that there are
 */
public record CodeGrid(Tensor codes, int size) {
    /** Checks type and rank; the range is checked where codes come from outside. */
    public CodeGrid {
        Check.that(
                codes.dtype() == DType.INT32 && codes.shape().rank() == 3,
                "CodeGrid: codes must be INT32 (B, h, w), got %s %s",
                codes.dtype(),
                codes.shape());
        Check.that(size >= 1, "CodeGrid: size must be >= 1, got %d", size);
    }
}
