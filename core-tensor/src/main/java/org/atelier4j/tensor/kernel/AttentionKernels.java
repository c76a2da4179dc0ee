package org.atelier4j.tensor.kernel;

import org.atelier4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What a provider may offer beside {@link Kernels}: attention {@code y = softmax(scale·q·kᵀ + mask)·v} in one pass, without
 * its T × S weights in memory. Shapes are q (B, H, T, D), k (B, H, S, D), v (B, H, S, E), y (B, H, T, E); the mask
 * broadcasts to (B, H, T, S). If {@code causal}, query i sees keys up to {@code i + S − T} only, S ≥ T, and kernels do not read
 * what no query of a block sees.
 */
public interface AttentionKernels {

    /** Returns whether these tensors are of types and sizes that the fused kernels take. */
    boolean takesAttention(Tensor q, Tensor k, Tensor v, @Nullable Tensor mask);

    /**
     * Computes y.
     *
     * @param logSums receives {@code log Σ exp(logits)} of each row as FLOAT32 (B, H, T), for the backward pass
     */
    void attention(
            double scale,
            boolean causal,
            Tensor q,
            Tensor k,
            Tensor v,
            @Nullable Tensor mask,
            Tensor y,
            Tensor logSums);

    /** Computes the gradients of q, k and v from that of y. */
    void attentionBackward(
            double scale,
            boolean causal,
            Tensor q,
            Tensor k,
            Tensor v,
            @Nullable Tensor mask,
            Tensor y,
            Tensor logSums,
            Tensor dy,
            Tensor dq,
            Tensor dk,
            Tensor dv);
}
