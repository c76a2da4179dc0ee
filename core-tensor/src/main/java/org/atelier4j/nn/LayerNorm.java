package org.atelier4j.nn;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Norm;
import org.jspecify.annotations.Nullable;

/**
 * Ba et al. 2016, "Layer Normalization" (arXiv:1607.06450), eq. 4: (…, C) → the same shape, mean 0 and variance 1 over
 * the last axis, then {@code ⊙ weight + bias}. Parameters {@code weight} (C) and {@code bias} (C).
 */
public final class LayerNorm extends UnaryLayer {

    /**
     * Sizes of a layer norm.
     *
     * @param channels length C of the last axis, ≥ 1
     * @param eps ε added to the variance, &gt; 0
     * @param affine whether there are weight and bias
     */
    public record Config(int channels, double eps, boolean affine) {

        /** Checks the sizes. */
        public Config {
            Check.that(
                    channels >= 1 && eps > 0,
                    "LayerNorm: channels must be >= 1 and eps > 0, got %d and %s",
                    channels,
                    eps);
        }
    }

    private final Config config;
    private final @Nullable Tensor weight;
    private final @Nullable Tensor bias;

    /** Makes a norm with weight and bias and ε = 1e-5. */
    public LayerNorm(int channels) {
        this(new Config(channels, 1e-5, true));
    }

    /** Makes a norm. */
    public LayerNorm(Config config) {
        this.config = config;
        weight = config.affine() ? parameter("weight", Tensor.ones(config.channels())) : null;
        bias = config.affine() ? parameter("bias", Tensor.zeros(config.channels())) : null;
    }

    /** Returns x (…, C) normalized over its last axis. */
    @Override
    public Tensor forward(Tensor x) {
        GroupNorm.checkChannels("LayerNorm", config.channels(), 1, x);
        Norm norm = new Norm(1, config.eps(), true, false);
        Tensor rows = x.reshape(-1, 1, config.channels()); // (rows, 1, C)
        return GroupNorm.normalize(norm, rows, weight, bias).reshape(x.shape());
    }
}
