package org.atelier4j.vqvae;

import org.atelier4j.nn.Conv2d;
import org.atelier4j.nn.ConvConfig;
import org.atelier4j.nn.GroupNorm;
import org.atelier4j.nn.Layer;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@code x + conv2(silu(GN(conv1(silu(GN(x))))))}: (B, H, W, in) → (B, H, W, out), with a 1×1 convolution as the shortcut
 * where the channels change. Norm and SiLU are one pass over memory, and the last convolution adds the shortcut where it
 * writes.
 */
final class ResidualBlock extends Layer {
    private final GroupNorm norm1;
    private final Conv2d conv1;
    private final GroupNorm norm2;
    private final Conv2d conv2;
    private final @Nullable Conv2d ninShortcut;

    ResidualBlock(int in, int out, int groups, Rng rng) {
        norm1 = child("norm1", new GroupNorm(Blocks.norm(groups, in).withSilu()));
        conv1 = child("conv1", new Conv2d(ConvConfig.of2d(in, out, 3), rng.split("conv1")));
        norm2 = child("norm2", new GroupNorm(Blocks.norm(groups, out).withSilu()));
        conv2 = child("conv2", new Conv2d(ConvConfig.of2d(out, out, 3), rng.split("conv2")));
        ninShortcut = in == out
                ? null
                : child("nin_shortcut", new Conv2d(ConvConfig.of2d(in, out, 1), rng.split("nin_shortcut")));
    }

    /** Returns (B, H, W, out) for x (B, H, W, in). */
    Tensor forward(Tensor x) {
        Tensor h = norm2.forward(conv1.forward(norm1.forward(x))); // (B, H, W, out)
        return conv2.forward(h, ninShortcut == null ? x : ninShortcut.forward(x)); // (B, H, W, out)
    }
}
