package org.atelier4j.nn;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Norm;

/**
 * Zhang, Sennrich 2019, "Root Mean Square Layer Normalization" (arXiv:1910.07467), eq. 4: (…, C) → the same shape,
 * {@code x/√(mean(x²) + ε) ⊙ weight}. Parameter {@code weight} (C).
 */
public final class RmsNorm extends UnaryLayer {
    private final int channels;
    private final double eps;
    private final Tensor weight;

    /** Makes a norm with ε = 1e-6. */
    public RmsNorm(int channels) {
        this(channels, 1e-6);
    }

    /**
     * Makes a norm.
     *
     * @param eps ε added to the mean square, &gt; 0
     */
    public RmsNorm(int channels, double eps) {
        Check.that(
                channels >= 1 && eps > 0, "RmsNorm: channels must be >= 1 and eps > 0, got %d and %s", channels, eps);
        this.channels = channels;
        this.eps = eps;
        weight = parameter("weight", Tensor.ones(channels));
    }

    /** Returns x (…, C) divided by the root of its mean square over the last axis. */
    @Override
    public Tensor forward(Tensor x) {
        GroupNorm.checkChannels("RmsNorm", channels, 1, x);
        Tensor rows = x.reshape(-1, 1, channels); // (rows, 1, C)
        return GroupNorm.normalize(new Norm(1, eps, false, false), rows, weight, null)
                .reshape(x.shape());
    }
}
