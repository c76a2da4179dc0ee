package org.atelier4j.autoregressive.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.atelier4j.autoregressive.Canvas;
import org.atelier4j.autoregressive.CodeSpace;
import org.atelier4j.autoregressive.Decoding;
import org.atelier4j.autoregressive.DrawingListener;
import org.atelier4j.autoregressive.TokenSampler;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Grids larger than those trained on. */
class WindowTest {
    private static final CodeSpace SPACE = new CodeSpace(7, 4, 4, 2);
    private static final int ROWS = 6;
    private static final int COLUMNS = 11;

    @Test
    void aWindowLiesInsideTheGridAndHasThePlaceInItsMiddleWhereItCan() {
        for (int row = 0; row < ROWS; row++) {
            for (int column = 0; column < COLUMNS; column++) {
                Window w = Window.around(row, column, ROWS, COLUMNS, SPACE);
                assertThat(w.top()).isBetween(0, ROWS - 4);
                assertThat(w.left()).isBetween(0, COLUMNS - 4);
                assertThat(row - w.top()).isBetween(0, 3);
                assertThat(column - w.left()).isBetween(0, 3);
                if (column >= 2 && column <= 9) {
                    assertThat(column - w.left()).isEqualTo(2);
                }
                assertThat(w.number(row, column)).isEqualTo((row - w.top()) * 4 + column - w.left());
            }
        }
    }

    @Test
    void theFirstCodesOfAWindowAreItsOwn() {
        int[] codes = new int[2 * ROWS * COLUMNS];
        for (int i = 0; i < codes.length; i++) {
            codes[i] = i;
        }
        Window window = new Window(1, 5, 4, 4);
        int[] seen = window.first(6, codes, 2, ROWS, COLUMNS).toInts();

        assertThat(seen).containsExactly(16, 17, 18, 19, 27, 28, 82, 83, 84, 85, 93, 94);
    }

    /**
     * Given codes outside of the window of a place have no influence on it at all, those inside and before it have. The most
     * probable code is drawn, and all others are given, so that nothing else can differ.
     */
    @Test
    void aPlaceNeverReadsOutsideOfItsWindow() {
        CausalTransformer network = Networks.causal(SPACE, Networks.LEARNED, 3);
        int row = 4;
        int column = 5;
        Window window = Window.around(row, column, ROWS, COLUMNS, SPACE);
        int[] codes = new int[ROWS * COLUMNS];
        for (int i = 0; i < codes.length; i++) {
            codes[i] = i * i % 7;
        }
        double[] before = law(network, codes, row, column);
        Set<Integer> seen = new HashSet<>();
        for (int i = 0; i < codes.length; i++) {
            int[] changed = codes.clone();
            changed[i] = (changed[i] + 3) % 7;
            double[] after = law(network, changed, row, column);
            boolean inside = i / COLUMNS >= window.top()
                    && i / COLUMNS < window.top() + 4
                    && i % COLUMNS >= window.left()
                    && i % COLUMNS < window.left() + 4;
            boolean earlier = i < row * COLUMNS + column;
            if (inside && earlier) {
                assertThat(after).as("code %d", i).isNotEqualTo(before);
                seen.add(i);
            } else {
                assertThat(after).as("code %d", i).isEqualTo(before);
            }
        }
        assertThat(seen).hasSize(2 * 4 + 2); // two rows above and two codes to the left: window top is 2
    }

    @Test
    void aGridOfTheTrainedSizeIsDrawnAsThroughOneWindow() {
        CausalTransformer network = Networks.causal(SPACE, Networks.ROTARY, 3);
        Decoding greedy = Decoding.standard().withSampler(TokenSampler.plain().withTopK(1));
        int[] wide = new TransformerPrior(network)
                .draw(Canvas.blank(4, 9, 1), greedy, Networks.streams(1, 0, 1), DrawingListener.silent())
                .codes()
                .toInts();
        assertThat(wide).hasSize(36);
        for (int i = 0; i < 36; i++) { // each code is the most probable one that its window says
            Window w = Window.around(i / 9, i % 9, 4, 9, SPACE);
            int m = w.number(i / 9, i % 9);
            Tensor first = w.first(m, wide, 1, 4, 9);
            int expected = network.forward(Networks.labels(1), first)
                    .select(1, m)
                    .argMax(1)
                    .toInts()[0];
            assertThat(wide[i]).isEqualTo(expected);
        }
    }

    /** Returns the law of one code as its logits: all others are given. */
    private static double[] law(CausalTransformer network, int[] codes, int row, int column) {
        Window window = Window.around(row, column, ROWS, COLUMNS, SPACE);
        int m = window.number(row, column);
        Tensor seen = window.first(m, codes, 1, ROWS, COLUMNS);
        return network.forward(Networks.labels(1), seen).select(1, m).toDoubles();
    }
}
