package org.atelier4j.diffusion.unet;

import org.atelier4j.diffusion.Condition;
import org.atelier4j.nn.AttentionMask;
import org.atelier4j.nn.GroupNorm;
import org.atelier4j.nn.Init;
import org.atelier4j.nn.Layer;
import org.atelier4j.nn.MultiHeadAttention;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Pixels look at each other and, where the network has a context, at its tokens: (B, H, W, C) → the same shape.
 *
 * <p>{@code x + attention(GN(x))} as in Ho et al. 2020 (arXiv:2006.11239), then {@code x + attention(GN(x), context)},
 * the cross-attention of Rombach et al. 2021 (arXiv:2112.10752), section 3.3. Channels-last images are tokens by a
 * reshape. Both outputs start at 0, so that a new block is the identity.
 */
public final class AttentionBlock extends Layer {
    private final GroupNorm groupNorm;
    private final MultiHeadAttention attention;
    private final @Nullable GroupNorm contextNorm;
    private final @Nullable MultiHeadAttention contextAttention;

    /** Makes a block for features of the given number of channels. */
    public AttentionBlock(int channels, UNetConfig config, Rng rng) {
        int heads = config.attention().heads();
        int groups = config.channels().groups();
        int contextWidth = config.conditions().contextWidth();
        groupNorm = child("group_norm", new GroupNorm(groups, channels));
        MultiHeadAttention.Config self = MultiHeadAttention.Config.self(channels, heads);
        attention = child("attention", new MultiHeadAttention(self.withOutInit(Init.zeros()), rng.split("attention")));
        if (contextWidth == 0) {
            contextNorm = null;
            contextAttention = null;
        } else {
            contextNorm = child("context_norm", new GroupNorm(groups, channels));
            MultiHeadAttention.Config cross = MultiHeadAttention.Config.cross(channels, contextWidth, heads);
            contextAttention = child(
                    "context_attention",
                    new MultiHeadAttention(cross.withOutInit(Init.zeros()), rng.split("context_attention")));
        }
    }

    /** Returns (B, H, W, C) for features x (B, H, W, C). */
    public Tensor forward(Tensor x, Condition condition) {
        return Inference.only(() -> changed(x, condition));
    }

    private Tensor changed(Tensor x, Condition condition) {
        Tensor tokens = x.reshape(x.dim(0), x.dim(1) * x.dim(2), x.dim(3)); // (B, HW, C)
        tokens = tokens.add(attention.forward(groupNorm.forward(tokens))); // (B, HW, C)
        if (contextNorm != null && contextAttention != null) {
            Tensor context = condition.context();
            Check.that(context != null, "UNet: a context (B, T, D) must be given, got none");
            Tensor words = context.to(x.dtype()); // (B, T, D)
            Tensor mask = condition.contextMask(); // (B, T)
            AttentionMask visible = mask == null
                    ? AttentionMask.NONE
                    : AttentionMask.allowing(mask.reshape(mask.dim(0), 1, 1, mask.dim(1))); // (B, 1, 1, T)
            tokens = tokens.add(contextAttention.forward(contextNorm.forward(tokens), words, visible)); // (B, HW, C)
        }
        return tokens.reshape(x.shape()); // (B, H, W, C)
    }
}
