package org.atelier4j.tensor.kernel;

import org.atelier4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What follows a product before it is written: {@code activation(product + bias + residual)}.
 *
 * @param bias one number per channel of the last axis, or null
 * @param residual a tensor of the result's shape, or null
 * @param activation a function of each element, or null
 */
public record Epilogue(
        @Nullable Tensor bias,
        @Nullable Tensor residual,
        @Nullable Unary activation) {
    /** Nothing follows. */
    public static final Epilogue NONE = new Epilogue(null, null, null);
}
