package org.atelier4j.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.junit.jupiter.api.Test;

class DropoutTest {
    private static final Tensor ONES = Tensor.ones(200, 200);

    @Test
    void dropsThePartAskedForAndKeepsTheExpectation() {
        Tensor y = new Dropout(0.3, Rng.of(1)).forward(ONES);
        double dropped = y.equal(0).to(DType.FLOAT32).mean().item();
        assertThat(dropped).isCloseTo(0.3, within(0.01)); // deviation of the mean 0.0023
        assertThat(y.mean().item()).isCloseTo(1, within(0.015));
        assertThat(y.max().item()).isCloseTo(1 / 0.7, within(1e-6));
    }

    @Test
    void drawsANewMaskEachTime() {
        Dropout dropout = new Dropout(0.5, Rng.of(1));
        double same = dropout.forward(ONES)
                .equal(dropout.forward(ONES))
                .to(DType.FLOAT32)
                .mean()
                .item();
        assertThat(same).isCloseTo(0.5, within(0.02));
    }

    @Test
    void twoLayersOnOneStreamHaveDifferentMasks() {
        Rng rng = Rng.of(1);
        Tensor a = new Dropout(0.5, rng).forward(ONES);
        Tensor b = new Dropout(0.5, rng).forward(ONES);
        assertThat(a.equal(b).to(DType.FLOAT32).mean().item()).isCloseTo(0.5, within(0.02));
    }

    @Test
    void evaluationIsTheIdentity() {
        Dropout dropout = new Dropout(0.9, Rng.of(1));
        try (Layer.Mode mode = dropout.evaluating()) {
            assertThat(dropout.forward(ONES)).isSameAs(ONES);
        }
        assertThat(new Dropout(0, Rng.of(1)).forward(ONES)).isSameAs(ONES);
    }

    @Test
    void gradientsPassWhereValuesDo() {
        Tensor x = ONES.requireGradient();
        Tensor y = new Dropout(0.5, Rng.of(1)).forward(x);
        TensorAssert.assertThat(y.sum().backward().get(x)).isIdenticalTo(y.detach());
    }

    @Test
    void theProbabilityLiesBelowOne() {
        assertThatThrownBy(() -> new Dropout(1, Rng.of(0)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Dropout: p must lie in [0, 1), got 1.0");
    }
}
