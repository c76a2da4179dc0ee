package org.atelier4j.autoregressive.transformer;

import org.atelier4j.nn.Dropout;
import org.atelier4j.nn.Init;
import org.atelier4j.nn.Layer;
import org.atelier4j.nn.LayerNorm;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * One block with the norms in front (Xiong et al. 2020, "On Layer Normalization in the Transformer Architecture",
 * arXiv:2002.04745, fig. 1b): {@code h = x + attention(norm(x))}, {@code y = h + feedForward(norm(h))}.
 */
final class TransformerBlock extends Layer {
    private final LayerNorm norm1;
    private final SelfAttention attention;
    private final LayerNorm norm2;
    private final FeedForward feedForward;
    private final Dropout dropout1;
    private final Dropout dropout2;

    TransformerBlock(TransformerConfig config, @Nullable RotaryPositions rotary, Init inner, Init outer, Rng rng) {
        int width = config.width();
        norm1 = child("norm1", new LayerNorm(width));
        attention = child(
                "attention", new SelfAttention(width, config.heads(), rotary, inner, outer, rng.split("attention")));
        norm2 = child("norm2", new LayerNorm(width));
        feedForward = child(
                "feedForward", new FeedForward(config.feedForward(), width, inner, outer, rng.split("feedForward")));
        dropout1 = child("dropout1", new Dropout(config.dropout(), rng.split("dropout1")));
        dropout2 = child("dropout2", new Dropout(config.dropout(), rng.split("dropout2")));
    }

    /** Returns (B, T, D) for tokens x (B, T, D) at places {@code first} to {@code first + T − 1}. */
    Tensor forward(Tensor x, int first, SelfAttention.Rule rule) {
        Tensor h = x.add(dropout1.forward(attention.forward(norm1.forward(x), first, rule)));
        return h.add(dropout2.forward(feedForward.forward(norm2.forward(h))));
    }
}
