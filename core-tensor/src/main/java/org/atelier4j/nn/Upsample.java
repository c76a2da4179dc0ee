package org.atelier4j.nn;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Interpolation;
import org.jspecify.annotations.Nullable;

/**
 * Twice the size: (B, H, W, C) → (B, 2H, 2W, C) by repeating pixels, then, where asked for, a 3×3 convolution (child
 * {@code conv}), as in the U-Net of Ho et al. 2020 (arXiv:2006.11239). Unlike a transposed convolution it makes no
 * checkerboards (Odena et al. 2016).
 */
public final class Upsample extends UnaryLayer {
    private final @Nullable Conv2d conv;

    private Upsample(@Nullable Conv2d conv) {
        this.conv = conv == null ? null : child("conv", conv);
    }

    /** Returns a layer that repeats pixels. */
    public static Upsample nearest() {
        return new Upsample(null);
    }

    /** Returns a layer that repeats pixels and convolves them, channels unchanged. */
    public static Upsample withConv(int channels, Rng rng) {
        return new Upsample(new Conv2d(ConvConfig.of2d(channels, channels, 3), rng.split("conv")));
    }

    @Override
    public Tensor forward(Tensor x) {
        Check.rank("Upsample", 4, "(B, H, W, C)", x);
        Tensor y = x.resize(Interpolation.NEAREST, 2 * x.dim(1), 2 * x.dim(2)); // (B, 2H, 2W, C)
        return conv == null ? y : conv.forward(y);
    }
}
