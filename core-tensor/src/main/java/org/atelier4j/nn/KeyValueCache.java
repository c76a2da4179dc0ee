package org.atelier4j.nn;

import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;
import org.atelier4j.tensor.kernel.DecodingKernels;
import org.jspecify.annotations.Nullable;

/**
 * Keys and values of the tokens that a causal transformer has read, one pair for each of its layers: a new token looks at
 * them and need not compute them again. What would cost {@code O(T²)} tokens for a sequence costs {@code O(T)}.
 *
 * <p>Each layer calls {@link #attend} once per pass, in order, and {@link #advance} ends the pass. The memory has room for the
 * tokens that are expected, grows in blocks if there are more, lies outside of all {@link TensorScope}s and is freed by
 * {@link #close}. For one sequence batch and one thread, without gradients.
 */
public final class KeyValueCache implements AutoCloseable {
    private static final int BLOCK = 32; // tokens

    private final List<@Nullable Pair> layers;
    private final int expected;
    private int length;

    /** Keys and values (B, H, capacity, d). */
    private record Pair(Tensor keys, Tensor values) {}

    /**
     * Makes an empty cache.
     *
     * @param layers how many there are, ≥ 1
     * @param expected how many tokens it will probably hold, ≥ 1
     */
    public KeyValueCache(int layers, int expected) {
        Check.that(
                layers >= 1 && expected >= 1,
                "KeyValueCache: layers and expected must be >= 1, got %d and %d",
                layers,
                expected);
        this.expected = expected;
        this.layers = new ArrayList<>();
        for (int i = 0; i < layers; i++) {
            this.layers.add(null);
        }
    }

    /** Returns how many tokens were read. */
    public int length() {
        return length;
    }

    /**
     * Adds the keys and values of T new tokens and lets their queries look at all tokens up to themselves.
     *
     * @param layer number of the layer
     * @param q (B, H, T, d)
     * @param k (B, H, T, d)
     * @param v (B, H, T, e)
     * @return (B, H, T, e)
     */
    public Tensor attend(int layer, Tensor q, Tensor k, Tensor v) {
        Check.state(NoGrad.isActive(), "KeyValueCache: must be used under NoGrad, gradients do not pass through it");
        Pair pair = room(layer, k, v);
        pair.keys().assignSlice(2, length, k);
        pair.values().assignSlice(2, length, v);
        if (q.dim(2) == 1
                && q.device().kernels() instanceof DecodingKernels own
                && own.takesDecoding(q, pair.keys(), pair.values())) {
            return decoded(own, q, pair);
        }
        if (length == 0) {
            return Attention.of(q, k, v, AttentionMask.CAUSAL);
        }
        int tokens = length + q.dim(2);
        return Attention.of(
                q, pair.keys().slice(2, 0, tokens), pair.values().slice(2, 0, tokens), AttentionMask.CAUSAL);
    }

    /** Lets the queries of one new token, which sees all there is, look at it. */
    private Tensor decoded(DecodingKernels own, Tensor q, Pair pair) {
        Tensor y = Tensor.empty(q.shape().with(3, pair.values().dim(3)), q.dtype(), q.device());
        try {
            own.decode(1 / Math.sqrt(q.dim(3)), q, pair.keys(), pair.values(), length + 1, y);
        } finally {
            Reference.reachabilityFence(q); // kernels know memory by address only
        }
        return y;
    }

    /** Counts T tokens as read, after all layers have seen them. */
    public void advance(int tokens) {
        length += tokens;
    }

    /** Frees the memory. */
    @Override
    public void close() {
        for (int i = 0; i < layers.size(); i++) {
            release(layers.get(i));
            layers.set(i, null);
        }
    }

    /** Returns the layer's memory with room for the new tokens. */
    private Pair room(int layer, Tensor k, Tensor v) {
        Pair old = layers.get(layer);
        int wanted = length + k.dim(2);
        if (old != null && old.keys().dim(2) >= wanted) {
            return old;
        }
        int capacity = Math.max(expected, (wanted + BLOCK - 1) / BLOCK * BLOCK);
        Pair grown = TensorScope.outside(() -> new Pair(
                Tensor.full(0, k.dtype(), k.shape().with(2, capacity)),
                Tensor.full(0, v.dtype(), v.shape().with(2, capacity))));
        if (old != null) {
            grown.keys().assignSlice(2, 0, old.keys());
            grown.values().assignSlice(2, 0, old.values());
        }
        release(old);
        layers.set(layer, grown);
        return grown;
    }

    private static void release(@Nullable Pair pair) {
        if (pair != null) {
            TensorScope.discard(pair.keys());
            TensorScope.discard(pair.values());
        }
    }
}
