package org.atelier4j.tensor.autograd;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Kernels;
import org.junit.jupiter.api.Test;

/** The example of {@code docs/autograd.md}: an operation that this library does not have. */
class WriteYourOwnOpTest {

    // region op
    /**
     * {@code y = x/(w + |x|)}: a step from −1 to 1 of width w with slow tails; {@code dx = dy · w/(w + |x|)²}.
     *
     * @param width w &gt; 0
     */
    record Softsign(double width) implements UnaryOp {

        @Override
        public Tensor forward(Kernels kernels, Tensor x) {
            return x.div(x.abs().add(width));
        }

        @Override
        public Tensor backward(Tensor x, Tensor y, Tensor dy) {
            return dy.mul(width).div(x.abs().add(width).square());
        }
    }
    // endregion

    @Test
    void itComputesAndDifferentiates() {
        // region use
        Tensor x = Tensor.of(new float[] {-3, 0, 1}).requireGradient();
        Tensor y = new Softsign(1).apply(x); // −0.75, 0, 0.5
        Gradients g = y.sum().backward();
        Tensor dx = g.get(x); // 0.0625, 1, 0.25
        // endregion
        assertThat(y.toFloats()).containsExactly(-0.75f, 0, 0.5f);
        assertThat(dx.toFloats()).containsExactly(0.0625f, 1, 0.25f);
    }

    @Test
    void itsDerivativesAreProven() {
        // region check
        Tensor x = Tensor.of(new double[] {-3, -0.2, 0.1, 1});
        GradientCheck.of(in -> new Softsign(0.7).apply(in)).secondOrder().at(x);
        // endregion
        assertThat(new Softsign(0.7).name()).isEqualTo("softsign");
    }

    @Test
    void aPartOfANetworkIsCheckpointed() {
        Tensor x = Tensor.of(new float[] {-3, 0, 1}).requireGradient();
        Tensor w = Tensor.of(new float[] {2}).requireGradient();
        // region checkpoint
        Tensor y = Checkpoint.of(in -> in[0].mul(w).exp().tanh(), List.of(w), x);
        Gradients g = y.sum().backward(); // runs exp and tanh again
        // endregion
        Gradients plain = x.mul(w).exp().tanh().sum().backward();
        assertThat(g.get(w).toFloats()).containsExactly(plain.get(w).toFloats());
        assertThat(g.get(x).toFloats()).containsExactly(plain.get(x).toFloats());
    }

    @Test
    void aPenaltyOnItsSlopeTrains() {
        // region penalty
        Tensor x = Tensor.of(new double[] {0.5, 2}).requireGradient();
        Tensor y = new Softsign(1).apply(x).sum();
        Tensor slope = Gradients.withGraph(y, x).get(x); // recorded, so it can be part of a loss
        Gradients g = slope.square().sum().backward();
        // endregion
        for (int i = 0; i < 2; i++) {
            double t = 1 + x.toDoubles()[i];
            assertThat(g.get(x).toDoubles()[i])
                    .isCloseTo(-4 / Math.pow(t, 5), org.assertj.core.data.Offset.offset(1e-12));
        }
    }
}
