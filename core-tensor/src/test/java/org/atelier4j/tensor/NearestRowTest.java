package org.atelier4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class NearestRowTest {
    private final Tensor table = Tensor.of(new float[] {0, 0, 1, 1, 3, 3}, 3, 2);

    @Test
    void everyVectorOfAnyShapeGetsTheNumberOfItsNearestRow() {
        Tensor grid = Tensor.of(new float[] {0.4f, 0.4f, 0.6f, 0.6f, 9, 9, -1, 0}, 2, 2, 2);

        TensorAssert.assertThat(grid.nearestRow(table)).isIdenticalTo(Tensor.of(new int[] {0, 1, 2, 0}, 2, 2));
        TensorAssert.assertThat(grid.select(0, 1).nearestRow(table)).isIdenticalTo(Tensor.of(new int[] {2, 0}, 2));
        assertThat(Tensor.of(new float[] {2.1f, 2}, 2).nearestRow(table).item()).isEqualTo(2);
        TensorAssert.assertThat(Tensor.zeros(0, 2).nearestRow(table)).hasShape(0);
    }

    /** The control is the greatest product, which the longest row wins although it is far away. */
    @Test
    void nearIsNotTheSameAsAlike() {
        Tensor point = Tensor.of(new float[] {1, 0.9f}, 1, 2);

        assertThat(point.nearestRow(table).toInts()).containsExactly(1);
        assertThat(point.matmul(table, false, true).argMax(1).toInts()).containsExactly(2);
    }

    @Test
    void messagesSayWhatMustHold() {
        assertThatThrownBy(() -> Tensor.zeros(4, 3).nearestRow(table))
                .isInstanceOf(ShapeException.class)
                .hasMessage("nearestRow: table must be (K, 3) with K > 0, got [3, 2]");
        assertThatThrownBy(() -> Tensor.zeros(4, 2).nearestRow(Tensor.zeros(0, 2)))
                .isInstanceOf(ShapeException.class)
                .hasMessage("nearestRow: table must be (K, 2) with K > 0, got [0, 2]");
        assertThatThrownBy(() -> Tensor.zeros(4, 2).to(DType.FLOAT64).nearestRow(table))
                .hasMessage("nearestRow: both must have one floating type, got FLOAT64 and FLOAT32");
    }
}
