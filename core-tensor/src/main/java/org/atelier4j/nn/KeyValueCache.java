package org.atelier4j.nn;

import java.util.ArrayList;
import java.util.List;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;
import org.jspecify.annotations.Nullable;

/**
 * Keys and values of the tokens that a causal transformer has read, one pair for each of its layers: a new token looks at
 * them and need not compute them again. What would cost {@code O(T²)} tokens for a sequence costs {@code O(T)}.
 *
 * <p>Each layer calls {@link #attend} once per pass, in order, and {@link #advance} ends the pass. The memory grows in
 * blocks, lies outside of all {@link TensorScope}s and is freed by {@link #close}. For one sequence batch and one thread,
 * without gradients.
 */
public final class KeyValueCache implements AutoCloseable {
    private static final int BLOCK = 32; // tokens

    private final List<@Nullable Pair> layers;
    private int length;

    /** Keys and values (B, H, capacity, d). */
    private record Pair(Tensor keys, Tensor values) {}

    /** Makes an empty cache for a number of layers. */
    public KeyValueCache(int layers) {
        Check.that(layers >= 1, "KeyValueCache: layers must be >= 1, got %d", layers);
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
        int capacity = pair.keys().dim(2);
        Tensor last = Tensor.arange(q.dim(2)).add(Tensor.full(length, DType.INT32, Shape.scalar()));
        Tensor seen = Tensor.arange(capacity).lessEqual(last.reshape(q.dim(2), 1)); // (T, capacity)
        return Attention.of(q, pair.keys(), pair.values(), AttentionMask.allowing(seen));
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
        int capacity = (wanted + BLOCK - 1) / BLOCK * BLOCK;
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
