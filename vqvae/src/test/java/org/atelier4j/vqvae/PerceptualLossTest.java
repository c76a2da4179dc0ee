package org.atelier4j.vqvae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.ShapeException;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.GradientCheck;
import org.junit.jupiter.api.Test;

class PerceptualLossTest {
    private final ToyExtractor network = new ToyExtractor();
    private final PerceptualLoss loss = new PerceptualLoss(network);
    private final Tensor x = Rng.of(1).normal(Shape.of(2, 6, 6, 1));
    private final Tensor y = Rng.of(2).normal(Shape.of(2, 6, 6, 1));

    @Test
    void itIsTheSquaredDistanceOfDirectionsAtEveryPositionOfEveryMap() {
        double expected = 0;
        for (int l = 0; l < 2; l++) {
            double[] a = network.maps(x).get(l).toDoubles();
            double[] b = network.maps(y).get(l).toDoubles();
            int c = l == 0 ? 4 : 6;
            int positions = a.length / c;
            for (int p = 0; p < positions; p++) {
                double aa = 0;
                double bb = 0;
                double ab = 0;
                for (int i = p * c; i < (p + 1) * c; i++) {
                    aa += a[i] * a[i];
                    bb += b[i] * b[i];
                    ab += a[i] * b[i];
                }
                expected += (2 - 2 * ab / Math.sqrt(aa * bb)) / positions; // ‖â − b̂‖²
            }
        }

        assertThat(loss.between(x, y).item()).isCloseTo(expected, within(1e-4 * expected));
    }

    @Test
    void itIsZeroForEqualImagesAndTheSameBothWays() {
        assertThat(loss.between(x, x).item()).isZero();
        assertThat(loss.between(x, y).item()).isEqualTo(loss.between(y, x).item());
    }

    @Test
    void gradientsReachBothImages() {
        GradientCheck.of(in -> loss.between(in[0], in[1]))
                .at(x.to(DType.FLOAT64).slice(0, 0, 1), y.to(DType.FLOAT64).slice(0, 0, 1));
    }

    @Test
    void theMessageNamesTheNetwork() {
        assertThatThrownBy(() -> loss.between(x, Tensor.zeros(2, 6, 6, 3)))
                .isInstanceOf(ShapeException.class)
                .hasMessage("PerceptualLoss: both images must have shape (B, H, W, 1) for toy, got [2, 6, 6, 1] and"
                        + " [2, 6, 6, 3]");
    }
}
