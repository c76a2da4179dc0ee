package org.atelier4j.tensor.kernel;

import org.atelier4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What a provider may offer beside {@link Kernels}: the gate {@code out = tanh(a + s) ⊙ σ(b + t)} in one pass over memory, for
 * x = [a b] (B, N, 2C) and a shift [s t] (B, 2C) for each image, or none.
 */
public interface GateKernels {

    /** Returns whether the fused kernels take such tensors. */
    boolean takesGate(Tensor x);

    /** Computes {@code out} (B, N, C). */
    void gate(Tensor x, @Nullable Tensor shift, Tensor out);

    /**
     * Computes the gradients from that of the result.
     *
     * @param dy (B, N, C)
     * @param dx (B, N, 2C)
     * @param dShift (B, 2C), the sum of dx over N; null where shift is
     */
    void gateBackward(Tensor x, @Nullable Tensor shift, Tensor dy, Tensor dx, @Nullable Tensor dShift);
}
