package org.atelier4j.nn;

import org.atelier4j.tensor.Tensor;

/**
 * The gate of van den Oord et al. 2016, "Conditional Image Generation with PixelCNN Decoders" (arXiv:1606.05328), eq. 4:
 * {@code y = tanh(a + s) ⊙ σ(b + t)} for x = [a b] (B, spatial…, 2C) and a shift [s t] (B, 2C) that says what all positions of
 * an image have in common, its class for one. Differentiable twice; one pass over memory.
 */
public final class Gate {

    private Gate() {}

    /** Returns (B, spatial…, C). */
    public static Tensor of(Tensor x) {
        return new org.atelier4j.tensor.op.Gate().apply(x);
    }

    /** Returns (B, spatial…, C) of x shifted by {@code shift} (B, 2C). */
    public static Tensor of(Tensor x, Tensor shift) {
        return new org.atelier4j.tensor.op.Gate().apply(x, shift);
    }
}
