package org.atelier4j.diffusion.unet;

import org.atelier4j.nn.Conv2d;
import org.atelier4j.nn.ConvConfig;
import org.atelier4j.nn.Dropout;
import org.atelier4j.nn.GroupNorm;
import org.atelier4j.nn.Init;
import org.atelier4j.nn.Layer;
import org.atelier4j.nn.Linear;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The residual block of diffusion U-Nets: (B, H, W, in), time and class (B, E) → (B, H, W, out).
 *
 * <p>{@code x + conv2(dropout(silu(AdaGN(conv1(silu(GN(x))), s, b))))}, where
 * {@code AdaGN(h, s, b) = (1 + s) ⊙ GN(h) + b} and (s, b) is a linear function of the embedding: Dhariwal, Nichol 2021
 * (arXiv:2105.05233), section 3 and appendix A. Where the channels change, the shortcut is a 1×1 convolution. The last
 * convolution starts at 0, so that a new block is the identity.
 *
 * <p>Norm, scale, shift and SiLU are one pass over memory, and the last convolution adds the shortcut where it writes.
 */
public final class ResidualBlock extends Layer {
    private final int out;
    private final GroupNorm norm1;
    private final Conv2d conv1;
    private final Linear timeEmbProj;
    private final GroupNorm norm2;
    private final Dropout dropout;
    private final Conv2d conv2;
    private final @Nullable Conv2d convShortcut;

    /**
     * Makes a block.
     *
     * @param in channels of x
     * @param out channels of the result
     */
    public ResidualBlock(int in, int out, UNetConfig config, Rng rng) {
        this.out = out;
        int groups = config.channels().groups();
        norm1 = child("norm1", new GroupNorm(GroupNorm.Config.of(groups, in).withSilu()));
        conv1 = child("conv1", new Conv2d(ConvConfig.of2d(in, out, 3), rng.split("conv1")));
        timeEmbProj = child("time_emb_proj", new Linear(config.embeddingWidth(), 2 * out, rng.split("time_emb_proj")));
        norm2 = child("norm2", new GroupNorm(GroupNorm.Config.of(groups, out).withSilu()));
        dropout = child("dropout", new Dropout(config.dropout(), rng.split("dropout")));
        ConvConfig last = ConvConfig.of2d(out, out, 3).withInit(Init.zeros()); // the block starts as its shortcut
        conv2 = child("conv2", new Conv2d(last, rng.split("conv2")));
        convShortcut = in == out
                ? null
                : child("conv_shortcut", new Conv2d(ConvConfig.of2d(in, out, 1), rng.split("conv_shortcut")));
    }

    /**
     * Returns (B, H, W, out).
     *
     * @param x features (B, H, W, in)
     * @param embedding SiLU of the embedded time and class (B, E)
     */
    public Tensor forward(Tensor x, Tensor embedding) {
        return Inference.only(() -> changed(x, embedding));
    }

    private Tensor changed(Tensor x, Tensor embedding) {
        Tensor h = conv1.forward(norm1.forward(x)); // (B, H, W, out)
        Tensor style = timeEmbProj.forward(embedding); // (B, 2 out)
        Tensor scale = style.slice(1, 0, out); // (B, out)
        Tensor shift = style.slice(1, out, out); // (B, out)
        h = dropout.forward(norm2.forward(h, scale, shift)); // (B, H, W, out)
        return conv2.forward(h, convShortcut == null ? x : convShortcut.forward(x)); // (B, H, W, out)
    }
}
