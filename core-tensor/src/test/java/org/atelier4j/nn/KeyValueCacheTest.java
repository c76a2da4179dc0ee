package org.atelier4j.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.NoGrad;
import org.junit.jupiter.api.Test;

class KeyValueCacheTest {
    private static final int TOKENS = 70; // the memory grows twice

    private static Tensor random(String name) {
        return Rng.of(1).split(name).normal(Shape.of(2, 3, TOKENS, 4)); // (B, H, T, d)
    }

    /** Token by token, and in pieces of several tokens, with a scope for each step. */
    @Test
    void attentionToACacheIsCausalAttention() {
        Tensor q = random("q");
        Tensor k = random("k");
        Tensor v = random("v");
        Tensor whole = Attention.of(q, k, v, AttentionMask.CAUSAL);
        for (int piece : new int[] {1, 7, 33}) {
            try (NoGrad off = NoGrad.open();
                    KeyValueCache cache = new KeyValueCache(2, 20)) {
                for (int at = 0; at < TOKENS; at += piece) {
                    try (TensorScope scope = TensorScope.open()) {
                        int n = Math.min(piece, TOKENS - at);
                        Tensor y = cache.attend(0, q.slice(2, at, n), k.slice(2, at, n), v.slice(2, at, n));
                        Tensor z = cache.attend(1, q.slice(2, at, n), v.slice(2, at, n), k.slice(2, at, n));
                        TensorAssert.assertThat(y).isCloseTo(whole.slice(2, at, n), 1e-5, 1e-6);
                        assertThat(z.sub(y).abs().max().item()).isGreaterThan(1e-3); // layers are apart
                        cache.advance(n);
                    }
                }
                assertThat(cache.length()).isEqualTo(TOKENS);
            }
        }
    }

    @Test
    void errorsNameWhatMustHold() {
        Tensor x = Rng.of(1).normal(Shape.of(1, 1, 1, 4));
        try (KeyValueCache cache = new KeyValueCache(1, 1)) {
            assertThatThrownBy(() -> cache.attend(0, x, x, x))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("KeyValueCache: must be used under NoGrad, gradients do not pass through it");
        }
        assertThatThrownBy(() -> new KeyValueCache(0, 9))
                .hasMessage("KeyValueCache: layers and expected must be >= 1, got 0 and 9");
    }

    @Test
    void aSliceIsReplacedInPlaceAndNothingElse() {
        Tensor x = Tensor.zeros(2, 3, 2);
        x.assignSlice(1, 1, Tensor.of(new float[] {1, 2, 3, 4}, 2, 1, 2));

        TensorAssert.assertThat(x).hasValues(0, 0, 1, 2, 0, 0, 0, 0, 3, 4, 0, 0);
        assertThatThrownBy(() -> x.assignSlice(1, 2, Tensor.zeros(2, 2, 2)))
                .hasMessage(
                        "assignSlice: value must fit into shape [2, 3, 2] from entry 2 of axis 1 on, got [2, 2, 2]");
    }
}
