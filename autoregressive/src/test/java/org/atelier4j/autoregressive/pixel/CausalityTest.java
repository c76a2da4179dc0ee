package org.atelier4j.autoregressive.pixel;

import static org.assertj.core.api.Assertions.assertThat;

import org.atelier4j.autoregressive.pixel.MaskedConv2d.Mask;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a pixel's prediction sees and what it does not, by exact zeros of the Jacobian. */
class CausalityTest {
    private static final int SIZE = 9;

    private static GatedPixelCnn gated(int colors, int layers) {
        var config = new GatedPixelCnn.Config(colors, 2 * colors, 8 * colors, layers, 3, colors, 0);
        return new GatedPixelCnn(config, Rng.of(3));
    }

    private static Tensor none() {
        return Tensor.of(new int[1], 1);
    }

    @Test
    void theGatedNetworkSeesEveryPixelBeforeAndNoOther() {
        GatedPixelCnn network = gated(1, 9);
        for (int row = 0; row < SIZE; row += 4) {
            for (int column = 0; column < SIZE; column += 4) {
                Dependencies seen =
                        Dependencies.of(x -> network.forward(x, none()), Shape.of(1, SIZE, SIZE, 1), row, column, 0, 2);
                for (int y = 0; y < SIZE; y++) {
                    for (int x = 0; x < SIZE; x++) {
                        boolean before = y < row || y == row && x < column;
                        assertThat(seen.on(y, x, 0))
                                .as("(%d, %d) seen from (%d, %d)", y, x, row, column)
                                .isEqualTo(before);
                    }
                }
            }
        }
    }

    /** The failing control: the same depth of masked convolutions never sees the upper right. */
    @Test
    void oneStackOfMaskedConvolutionsHasABlindSpot() {
        int wide = 12;
        MaskedPixelCnn network = new MaskedPixelCnn(new MaskedPixelCnn.Config(1, 2, 8, 9, 3, 1), Rng.of(3));
        Dependencies seen = Dependencies.of(network::forward, Shape.of(1, 8, wide, 1), 7, 4, 0, 2);
        GatedPixelCnn two = gated(1, 9);
        Dependencies gated = Dependencies.of(x -> two.forward(x, none()), Shape.of(1, 8, wide, 1), 7, 4, 0, 2);

        // the first kernel (7×7) reaches 3 columns per 1 row at best, then each row up gives one column more
        assertThat(seen.picture()).isEqualTo("""
            ############
            ############
            ############
            ###########.
            ##########..
            #########...
            ########....
            ####........
            """);
        assertThat(gated.picture()).isEqualTo("""
            ############
            ############
            ############
            ############
            ############
            ############
            ############
            ####........
            """);
    }

    @Test
    void theReceptiveFieldGrowsByHalfAKernelPerLayer() {
        GatedPixelCnn network = gated(1, 1); // 7×7 and then 3×3, each to one side
        Dependencies seen = Dependencies.of(x -> network.forward(x, none()), Shape.of(1, 8, 12, 1), 7, 6, 0, 2);

        assertThat(seen.picture()).isEqualTo("""
            ............
            ............
            ............
            ..#########.
            ..#########.
            ..#########.
            ..#########.
            ..####......
            """);
    }

    @ParameterizedTest
    @CsvSource({"A, false", "B, true"})
    void maskADiffersFromMaskBByThePixelItself(Mask mask, boolean itself) {
        MaskedConv2d conv = new MaskedConv2d(new MaskedConv2d.Config(1, 1, 3, mask, 1), Rng.of(5));
        Dependencies seen = Dependencies.of(conv::forward, Shape.of(1, 5, 5, 1), 2, 2, 0, 1);

        assertThat(seen.picture()).isEqualTo("""
            .....
            .###.
            .#%s..
            .....
            .....
            """.formatted(itself ? "#" : "."));
    }

    @ParameterizedTest
    @CsvSource({"A, 0, 000", "A, 1, 100", "A, 2, 110", "B, 0, 100", "B, 1, 110", "B, 2, 111"})
    void aColorSeesThoseBeforeItInItsOwnPixel(Mask mask, int color, String sees) {
        MaskedConv2d conv = new MaskedConv2d(new MaskedConv2d.Config(3, 6, 3, mask, 3), Rng.of(5));
        Dependencies seen = Dependencies.of(conv::forward, Shape.of(1, 5, 5, 3), 2, 2, 2 * color, 2);

        for (int c = 0; c < 3; c++) {
            assertThat(seen.on(2, 2, c)).as("color %d", c).isEqualTo(sees.charAt(c) == '1');
            assertThat(seen.on(2, 1, c)).as("color %d to the left", c).isTrue();
            assertThat(seen.on(2, 3, c)).as("color %d to the right", c).isFalse();
        }
    }

    @Test
    void colorsOfTheGatedNetworkAreOrderedThroughAllLayers() {
        GatedPixelCnn network = gated(3, 3);
        for (int color = 0; color < 3; color++) {
            Dependencies seen =
                    Dependencies.of(x -> network.forward(x, none()), Shape.of(1, 5, 5, 3), 2, 2, 2 * color, 2);
            for (int c = 0; c < 3; c++) {
                assertThat(seen.on(2, 2, c)).as("%d from %d", c, color).isEqualTo(c < color);
                assertThat(seen.on(1, 4, c))
                        .as("%d above right from %d", c, color)
                        .isTrue();
                assertThat(seen.on(2, 3, c)).isFalse();
                assertThat(seen.on(3, 0, c)).isFalse();
            }
        }
    }

    @Test
    void aClassMovesEveryPrediction() {
        GatedPixelCnn network = new GatedPixelCnn(new GatedPixelCnn.Config(1, 3, 4, 2, 3, 1, 2), Rng.of(3));
        Tensor x = Rng.of(1).normal(Shape.of(1, 4, 4, 1));
        float[] zero = network.forward(x, Tensor.of(new int[] {0}, 1)).toFloats();
        float[] one = network.forward(x, Tensor.of(new int[] {1}, 1)).toFloats();

        for (int i = 0; i < zero.length; i++) {
            assertThat(one[i]).isNotEqualTo(zero[i]);
        }
    }
}
