package org.atelier4j.autoregressive.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.junit.jupiter.api.Test;

class RotaryPositionsTest {
    private static final int ROWS = 4;
    private static final int COLUMNS = 5;
    private final RotaryPositions rotary = new RotaryPositions(ROWS, COLUMNS, 8);

    /** The same vector at each place, turned: (n, d). */
    private Tensor everywhere(long seed) {
        Tensor x = Rng.of(seed).normal(Shape.of(1, 1, 1, 8)).broadcastTo(Shape.of(1, 1, ROWS * COLUMNS, 8));
        return rotary.rotated(x, 0).reshape(ROWS * COLUMNS, 8);
    }

    @Test
    void productsDependOnTheDistanceInRowsAndColumnsAlone() {
        float[] products = everywhere(1).matmul(everywhere(2), false, true).toFloats(); // (n, n)
        int n = ROWS * COLUMNS;
        for (int p = 0; p < n; p++) {
            for (int q = 0; q < n; q++) {
                int rows = q / COLUMNS - p / COLUMNS;
                int columns = q % COLUMNS - p % COLUMNS;
                int from = Math.max(0, -rows) * COLUMNS + Math.max(0, -columns); // the first pair as far apart
                int to = Math.max(0, rows) * COLUMNS + Math.max(0, columns);
                assertThat(products[p * n + q]).isCloseTo(products[from * n + to], within(1e-5f));
            }
        }
    }

    @Test
    void rowsAndColumnsAreToldApartAndLengthsStay() {
        Tensor x = everywhere(3);
        double[] lengths = x.square().sum(1).toDoubles();
        for (double length : lengths) {
            assertThat(length).isCloseTo(lengths[0], within(1e-5));
        }
        assertThat(x.select(0, 1).sub(x.select(0, COLUMNS)).abs().max().item()).isGreaterThan(0.05);
        TensorAssert.assertThat(x.select(0, 1).slice(0, 0, 4))
                .isIdenticalTo(x.select(0, 0).slice(0, 0, 4));
        TensorAssert.assertThat(x.select(0, COLUMNS).slice(0, 4, 4))
                .isIdenticalTo(x.select(0, 0).slice(0, 4, 4));
    }

    @Test
    void aPartIsTurnedAsWithinTheWhole() {
        Tensor x = Rng.of(4).normal(Shape.of(2, 3, ROWS * COLUMNS, 8));

        TensorAssert.assertThat(rotary.rotated(x.slice(2, 7, 4), 7))
                .isIdenticalTo(rotary.rotated(x, 0).slice(2, 7, 4));
    }

    @Test
    void errorsNameTheNumber() {
        assertThatThrownBy(() -> new RotaryPositions(2, 2, 6))
                .hasMessage("RotaryPositions: headWidth must be a multiple of 4, got 6");
    }
}
