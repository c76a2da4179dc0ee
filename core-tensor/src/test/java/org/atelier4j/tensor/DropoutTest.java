package org.atelier4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/** {@link Tensor#dropout} and the logical operations. */
class DropoutTest {

    @Test
    void elementsAreZeroOrScaledAndTheMeanStays() {
        Tensor x = Tensor.ones(200, 100).requireGradient();
        Tensor y = x.dropout(0.25, Rng.of(1));
        double[] values = y.toDoubles();
        assertThat(values).containsOnly(0, 1 / 0.75f);
        assertThat(y.equal(0).to(DType.FLOAT32).mean().item()).isCloseTo(0.25, within(0.01));
        assertThat(y.mean().item()).isCloseTo(1, within(0.015));
        TensorAssert.assertThat(y.sum().backward().get(x)).isIdenticalTo(y.detach());
    }

    @Test
    void theStreamDecides() {
        Tensor x = Tensor.ones(50);
        TensorAssert.assertThat(x.dropout(0.5, Rng.of(1))).isIdenticalTo(x.dropout(0.5, Rng.of(1)));
        assertThat(x.dropout(0.5, Rng.of(1)).toFloats())
                .isNotEqualTo(x.dropout(0.5, Rng.of(2)).toFloats());
        assertThat(x.dropout(0, Rng.of(1))).isSameAs(x);
        assertThatThrownBy(() -> x.dropout(1, Rng.of(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("dropout: p must lie in [0, 1), got 1.0");
    }

    @Test
    void logic() {
        Tensor a = Tensor.of(new boolean[] {true, true, false, false});
        Tensor b = Tensor.of(new boolean[] {true, false, true, false});
        assertThat(a.and(b).toInts()).containsExactly(1, 0, 0, 0);
        assertThat(a.or(b).toInts()).containsExactly(1, 1, 1, 0);
        assertThat(a.not().toInts()).containsExactly(0, 0, 1, 1);
        assertThat(a.and(b).dtype()).isEqualTo(DType.BOOL);
        Tensor one = Tensor.of(new int[] {1, 2, 3});
        Tensor two = Tensor.of(new int[] {2, 2, 2});
        assertThat(one.greater(two).toInts()).containsExactly(0, 0, 1);
        assertThat(one.greaterEqual(two).toInts()).containsExactly(0, 1, 1);
        assertThatThrownBy(() -> one.not()).hasMessage("not: dtype must be BOOL, got INT32 for shape [3]");
    }
}
