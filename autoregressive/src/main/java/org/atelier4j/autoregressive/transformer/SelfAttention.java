package org.atelier4j.autoregressive.transformer;

import org.atelier4j.nn.Init;
import org.atelier4j.nn.Layer;
import org.atelier4j.nn.Linear;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Tokens (B, T, D) look at each other, or also at earlier ones in a cache, in several heads (Vaswani et al. 2017, sec. 3.2.2),
 * with rotary positions if there are any. Children as of {@link org.atelier4j.nn.MultiHeadAttention}.
 */
final class SelfAttention extends Layer {
    private final int heads;
    private final @Nullable RotaryPositions rotary;
    private final Linear toQ;
    private final Linear toK;
    private final Linear toV;
    private final Linear toOut;

    /** What queries, keys and values (B, H, T, d) become: attention under a mask, or to a cache. */
    @FunctionalInterface
    interface Rule {
        /** Returns (B, H, T, d). */
        Tensor apply(Tensor q, Tensor k, Tensor v);
    }

    SelfAttention(int width, int heads, @Nullable RotaryPositions rotary, Init inner, Init outer, Rng rng) {
        this.heads = heads;
        this.rotary = rotary;
        Linear.Config in = new Linear.Config(width, width, true, inner);
        toQ = child("to_q", new Linear(in, rng.split("to_q")));
        toK = child("to_k", new Linear(in, rng.split("to_k")));
        toV = child("to_v", new Linear(in, rng.split("to_v")));
        toOut = child("to_out", new Linear(in.withInit(outer), rng.split("to_out")));
    }

    /** Returns (B, T, D) for tokens at places {@code first} to {@code first + T − 1}. */
    Tensor forward(Tensor x, int first, Rule rule) {
        Tensor q = turned(heads(toQ.forward(x)), first); // (B, H, T, d)
        Tensor k = turned(heads(toK.forward(x)), first); // (B, H, T, d)
        Tensor v = heads(toV.forward(x)); // (B, H, T, d)
        Tensor y = rule.apply(q, k, v); // (B, H, T, d)
        return toOut.forward(y.permute(0, 2, 1, 3).reshape(x.shape())); // (B, T, D)
    }

    private Tensor turned(Tensor x, int first) {
        return rotary == null ? x : rotary.rotated(x, first);
    }

    private Tensor heads(Tensor x) {
        return x.reshape(x.dim(0), x.dim(1), heads, x.dim(2) / heads).permute(0, 2, 1, 3);
    }
}
