package org.atelier4j.tensor.kernel;

import org.atelier4j.tensor.Tensor;

/**
 * What a provider may offer beside {@link Kernels}: attention of one new token to those in a cache,
 * {@code y = softmax(scale·q·kᵀ)·v}, which as products of matrices is one tiny product for each sequence and head.
 */
public interface DecodingKernels {

    /** Returns whether the kernel takes such tensors. */
    boolean takesDecoding(Tensor q, Tensor keys, Tensor values);

    /**
     * Computes y.
     *
     * @param scale factor on the products of queries and keys
     * @param q (B, H, 1, D)
     * @param keys (B, H, capacity, D)
     * @param values (B, H, capacity, E)
     * @param length how many of the keys and values are there, ≥ 1; what lies behind them is not read
     * @param y (B, H, 1, E)
     */
    void decode(double scale, Tensor q, Tensor keys, Tensor values, int length, Tensor y);
}
