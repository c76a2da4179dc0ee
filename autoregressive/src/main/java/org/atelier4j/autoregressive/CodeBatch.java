package org.atelier4j.autoregressive;

import org.atelier4j.model.CodeGrid;
import org.atelier4j.tensor.Tensor;

/**
 * Some examples for a prior.
 *
 * @param grid codes (B, h, w)
 * @param labels INT32 (B)
 */
public record CodeBatch(CodeGrid grid, Tensor labels) {

    /** Returns the number of examples. */
    public int size() {
        return labels.dim(0);
    }
}
