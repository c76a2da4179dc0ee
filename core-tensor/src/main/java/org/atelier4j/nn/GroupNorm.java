package org.atelier4j.nn;

import java.util.List;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Norm;
import org.atelier4j.tensor.op.Normalize;
import org.jspecify.annotations.Nullable;

/**
 * Wu, He 2018, "Group Normalization" (arXiv:1803.08494), eq. 1 to 7: (B, spatial…, C) → the same shape, mean 0 and
 * variance 1 over each group of channels and all positions, then {@code ⊙ weight + bias}. Any number of spatial axes.
 *
 * <p>Parameters {@code weight} (C), starting at 1, and {@code bias} (C), starting at 0.
 */
public final class GroupNorm extends UnaryLayer {

    /**
     * Sizes of a group norm.
     *
     * @param groups number of groups, a divisor of the channels
     * @param channels length C of the last axis, ≥ 1
     * @param eps ε added to the variance, &gt; 0
     * @param affine whether there are weight and bias
     * @param silu whether {@code x·σ(x)} follows, computed in the same pass
     */
    public record Config(int groups, int channels, double eps, boolean affine, boolean silu) {

        /** Checks the sizes. */
        public Config {
            Check.that(
                    groups >= 1 && channels >= 1 && channels % groups == 0,
                    "GroupNorm: groups must divide the channels, got %d and %d",
                    groups,
                    channels);
            Check.that(eps > 0, "GroupNorm: eps must be > 0, got %s", eps);
        }

        /** Returns a norm with weight and bias, ε = 1e-5, and no activation. */
        public static Config of(int groups, int channels) {
            return new Config(groups, channels, 1e-5, true, false);
        }

        /** Returns the same with another ε. */
        public Config withEps(double value) {
            return new Config(groups, channels, value, affine, silu);
        }

        /** Returns the same without weight and bias, for norms that are modulated from outside. */
        public Config withoutAffine() {
            return new Config(groups, channels, eps, false, silu);
        }

        /** Returns the same followed by SiLU. */
        public Config withSilu() {
            return new Config(groups, channels, eps, affine, true);
        }
    }

    private final Config config;
    private final @Nullable Tensor weight;
    private final @Nullable Tensor bias;

    /** Makes a norm with weight and bias, ε = 1e-5, and no activation. */
    public GroupNorm(int groups, int channels) {
        this(Config.of(groups, channels));
    }

    /** Makes a norm. */
    public GroupNorm(Config config) {
        this.config = config;
        weight = config.affine() ? parameter("weight", Tensor.ones(config.channels())) : null;
        bias = config.affine() ? parameter("bias", Tensor.zeros(config.channels())) : null;
    }

    /** Returns x (B, spatial…, C) normalized. */
    @Override
    public Tensor forward(Tensor x) {
        return normalizeChecked(x, weight, bias);
    }

    /**
     * Returns {@code act((x̂ ⊙ weight + bias) ⊙ (1 + scale) + shift)} with a row of {@code scale} and {@code shift} (B, C)
     * for each image, in one pass: the adaptive group norm (AdaGN) of Dhariwal, Nichol 2021 (arXiv:2105.05233), sec. 3.
     */
    public Tensor forward(Tensor x, Tensor scale, Tensor shift) {
        Tensor factor = scale.add(1); // (B, C)
        if (weight == null || bias == null) {
            return normalizeChecked(x, factor, shift);
        }
        Tensor w = weight.to(scale.dtype());
        return normalizeChecked(
                x, factor.mul(w), factor.mul(bias.to(scale.dtype())).add(shift));
    }

    private Tensor normalizeChecked(Tensor x, @Nullable Tensor gamma, @Nullable Tensor beta) {
        checkChannels("GroupNorm", config.channels(), 2, x);
        Norm norm = new Norm(config.groups(), config.eps(), true, config.silu());
        Tensor positions = x.reshape(x.dim(0), (int) x.shape().size(1, x.rank() - 1), x.dim(-1)); // (B, N, C)
        return normalize(norm, positions, gamma, beta).reshape(x.shape());
    }

    /** Checks that the last of at least {@code minRank} axes has length {@code channels}. */
    static void checkChannels(String layer, int channels, int minRank, Tensor x) {
        Check.shape(
                x.rank() >= minRank && x.dim(-1) == channels,
                "%s: x must have shape (%s, %d), got %s",
                layer,
                List.of("…", "B, …", "B, spatial…", "B, H, W").get(minRank - 1),
                channels,
                x.shape());
    }

    /** Normalizes x (B, N, C) with weight and bias in the element type of x. */
    static Tensor normalize(Norm norm, Tensor x, @Nullable Tensor weight, @Nullable Tensor bias) {
        Normalize op = new Normalize(norm);
        if (weight == null) {
            return op.apply(x);
        }
        Tensor w = cast(weight, x);
        return bias == null ? op.apply(x, w) : op.apply(x, w, cast(bias, x));
    }
}
