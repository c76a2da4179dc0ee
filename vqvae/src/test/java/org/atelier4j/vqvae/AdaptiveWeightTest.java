package org.atelier4j.vqvae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.atelier4j.nn.Losses;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;

class AdaptiveWeightTest {

    /**
     * A last layer that multiplies features (1, 2) by one weight w: images y = (w, 2w). By hand, with slopes (3, 4) of the
     * one loss and (−1, 2) of the other: ∂L_rec/∂w = 3 + 8 = 11, ∂L_GAN/∂w = −1 + 4 = 3.
     */
    @Test
    void itIsTheRatioOfTheNormsAtTheLastLayer() {
        Tensor w = Tensor.of(new double[] {5}, 1).requireGradient();
        Tensor y = Tensor.of(new double[] {1, 2}, 2).mul(w);
        Tensor rec = Tensor.of(new double[] {3, 4}, 2);
        Tensor gan = Tensor.of(new double[] {-1, 2}, 2);

        assertThat(new AdaptiveWeight(0.5, 1e4).of(y, w, rec, gan).item()).isCloseTo(11 / 3.5, within(1e-12));
        assertThat(new AdaptiveWeight(1e-4, 3).of(y, w, rec, gan).item()).isEqualTo(3); // limited
        assertThat(new AdaptiveWeight(1e-4, 1e4)
                        .of(y, w, rec, Tensor.zeros(2).to(DType.FLOAT64))
                        .item())
                .isEqualTo(1e4);
    }

    @Test
    void slopesAtTheImagesGiveTheSameAsDifferentiatingBothLossesWhole() {
        Tensor w = Rng.of(1).normal(Shape.of(4, 3)).requireGradient();
        Tensor y = Rng.of(2).normal(Shape.of(5, 4)).matmul(w).tanh(); // a "decoder"
        Tensor target = Rng.of(3).normal(Shape.of(5, 3));
        Tensor rec = Losses.l1(y, target);
        Tensor gan = y.square().sin().mean().neg();
        double expected = rec.backward().get(w).norm().item()
                / (gan.backward().get(w).norm().item() + 1e-4);

        Tensor leaf = y.detach().requireGradient();
        Tensor recSlope = Losses.l1(leaf, target).backward().get(leaf);
        Tensor ganSlope = leaf.square().sin().mean().neg().backward().get(leaf);

        double weight = AdaptiveWeight.standard().of(y, w, recSlope, ganSlope).item();
        assertThat(weight).isCloseTo(expected, within(1e-5 * expected));
    }

    @Test
    void messagesSayWhatMustHold() {
        assertThatThrownBy(() -> new AdaptiveWeight(0, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("AdaptiveWeight: delta must be > 0, got 0.0");
        assertThatThrownBy(() -> new AdaptiveWeight(1, -1)).hasMessage("AdaptiveWeight: limit must be > 0, got -1.0");
    }
}
