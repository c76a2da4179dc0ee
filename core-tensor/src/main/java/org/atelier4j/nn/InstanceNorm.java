package org.atelier4j.nn;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Norm;
import org.jspecify.annotations.Nullable;

/**
 * Ulyanov et al. 2016, "Instance Normalization" (arXiv:1607.08022), eq. 2: (B, spatial…, C) → the same shape, mean 0 and
 * variance 1 over the positions of each channel of each image. As in PyTorch it has no parameters unless asked for:
 * {@code weight} (C) and {@code bias} (C).
 */
public final class InstanceNorm extends UnaryLayer {
    private static final double EPS = 1e-5;

    private final int channels;
    private final @Nullable Tensor weight;
    private final @Nullable Tensor bias;

    /** Makes a norm without weight and bias, ε = 1e-5. */
    public InstanceNorm(int channels) {
        this(channels, false);
    }

    /**
     * Makes a norm, ε = 1e-5.
     *
     * @param affine whether there are weight and bias
     */
    public InstanceNorm(int channels, boolean affine) {
        Check.that(channels >= 1, "InstanceNorm: channels must be >= 1, got %d", channels);
        this.channels = channels;
        weight = affine ? parameter("weight", Tensor.ones(channels)) : null;
        bias = affine ? parameter("bias", Tensor.zeros(channels)) : null;
    }

    /** Returns x (B, spatial…, C) normalized. */
    @Override
    public Tensor forward(Tensor x) {
        GroupNorm.checkChannels("InstanceNorm", channels, 3, x);
        Tensor positions = x.reshape(x.dim(0), (int) x.shape().size(1, x.rank() - 1), channels); // (B, N, C)
        return GroupNorm.normalize(new Norm(channels, EPS, true, false), positions, weight, bias)
                .reshape(x.shape());
    }
}
