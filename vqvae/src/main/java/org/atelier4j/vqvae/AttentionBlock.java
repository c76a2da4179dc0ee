package org.atelier4j.vqvae;

import org.atelier4j.nn.Attention;
import org.atelier4j.nn.Conv2d;
import org.atelier4j.nn.ConvConfig;
import org.atelier4j.nn.GroupNorm;
import org.atelier4j.nn.Layer;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;

/**
 * Pixels look at each other: {@code x + proj_out(attention(q, k, v of GN(x)))}, (B, H, W, C) → the same shape. One head;
 * queries, keys and values are 1×1 convolutions, as the published checkpoints have them.
 */
final class AttentionBlock extends Layer {
    private final GroupNorm norm;
    private final Conv2d q;
    private final Conv2d k;
    private final Conv2d v;
    private final Conv2d projOut;

    AttentionBlock(int channels, int groups, Rng rng) {
        ConvConfig pointwise = ConvConfig.of2d(channels, channels, 1);
        norm = child("norm", new GroupNorm(Blocks.norm(groups, channels)));
        q = child("q", new Conv2d(pointwise, rng.split("q")));
        k = child("k", new Conv2d(pointwise, rng.split("k")));
        v = child("v", new Conv2d(pointwise, rng.split("v")));
        projOut = child("proj_out", new Conv2d(pointwise, rng.split("proj_out")));
    }

    /** Returns (B, H, W, C) for x (B, H, W, C). */
    Tensor forward(Tensor x) {
        Tensor h = norm.forward(x); // (B, H, W, C)
        Tensor seen = Attention.of(tokens(q.forward(h)), tokens(k.forward(h)), tokens(v.forward(h))); // (B, 1, HW, C)
        return projOut.forward(seen.reshape(x.shape()), x); // (B, H, W, C)
    }

    private static Tensor tokens(Tensor x) {
        return x.reshape(x.dim(0), 1, x.dim(1) * x.dim(2), x.dim(3)); // (B, 1, HW, C)
    }
}
