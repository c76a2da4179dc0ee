package org.atelier4j.tensor;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** The assertion fails when it should, and says where. */
class TensorAssertTest {
    private final Tensor x = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);

    @Test
    void passesWithinItsTolerances() {
        TensorAssert.assertThat(x)
                .hasShape(2, 3)
                .isEqualTo(Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3))
                .isCloseTo(Tensor.of(new float[] {1, 2, 3, 4, 5, 6.05f}, 2, 3), 0.01, 0)
                .isCloseTo(new double[] {1, 2, 3, 4, 5, 6.05}, 0, 0.1)
                .hasValues(1, 2, 3, 4, 5, 6)
                .isFinite();
        Tensor special = Tensor.of(new float[] {Float.NaN, Float.POSITIVE_INFINITY}, 2);
        TensorAssert.assertThat(special).isEqualTo(special);
    }

    @Test
    void namesTheFirstDifferenceAndBothValues() {
        assertThatThrownBy(() -> TensorAssert.assertThat(x).hasValues(1, 2, 3, 4, 7, 9))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("2 of 6 elements of shape [2, 3] differ")
                .hasMessageContaining("first at [1, 1]: expected 7.0, got 5.0")
                .hasMessageContaining("worst at [1, 2]: expected 9.0, got 6.0");
    }

    @Test
    void failsForOtherShapesTypesAndSpecialNumbers() {
        assertThatThrownBy(() -> TensorAssert.assertThat(x).hasShape(3, 2))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("shape must be [3, 2], got [2, 3]");
        assertThatThrownBy(() -> TensorAssert.assertThat(x).isEqualTo(x.reshape(3, 2)))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("must be FLOAT32[3, 2], got FLOAT32[2, 3]");
        assertThatThrownBy(() -> TensorAssert.assertThat(x).isEqualTo(x.to(DType.FLOAT64)))
                .isInstanceOf(AssertionError.class);
        assertThatThrownBy(() -> TensorAssert.assertThat(x).hasValues(1, 2, 3)).isInstanceOf(AssertionError.class);
        Tensor nan = Tensor.of(new float[] {Float.NaN, 1}, 2);
        assertThatThrownBy(() -> TensorAssert.assertThat(nan).hasValues(0, 1)).isInstanceOf(AssertionError.class);
        assertThatThrownBy(() -> TensorAssert.assertThat(nan).isFinite()).isInstanceOf(AssertionError.class);
        Tensor infinite = Tensor.of(new float[] {Float.POSITIVE_INFINITY, 1}, 2);
        assertThatThrownBy(() -> TensorAssert.assertThat(infinite).isCloseTo(new double[] {1e30, 1}, 10, 10))
                .isInstanceOf(AssertionError.class);
        assertThatThrownBy(() ->
                        TensorAssert.assertThat(infinite).isCloseTo(new double[] {Double.NEGATIVE_INFINITY, 1}, 1, 1))
                .isInstanceOf(AssertionError.class);
    }
}
