package org.atelier4j.nn;

import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Half the size: (B, H, W, C) → (B, H/2, W/2, C), by the mean of 2×2 pixels or by a 3×3 convolution of stride 2 and
 * padding 1 (child {@code conv}), which rounds odd sizes up where the mean rounds them down.
 */
public final class Downsample extends UnaryLayer {
    private final @Nullable Conv2d conv;

    private Downsample(@Nullable Conv2d conv) {
        this.conv = conv == null ? null : child("conv", conv);
    }

    /** Returns a layer that takes the mean of 2×2 pixels. */
    public static Downsample averagePool() {
        return new Downsample(null);
    }

    /** Returns a layer that convolves with stride 2, channels unchanged. */
    public static Downsample withConv(int channels, Rng rng) {
        return new Downsample(new Conv2d(channels, channels, 3, 2, 1, rng.split("conv")));
    }

    @Override
    public Tensor forward(Tensor x) {
        return conv == null ? x.averagePool(2, 2, 0) : conv.forward(x);
    }
}
