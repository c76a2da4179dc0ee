package org.atelier4j.tensor.op;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.autograd.GradientCheck;
import org.atelier4j.tensor.autograd.Gradients;
import org.atelier4j.tensor.autograd.TensorFunction;
import org.junit.jupiter.api.Test;

/** Derivatives where differences mean nothing: at kinks, ties and zeros; by fused and by composite backward passes. */
class KinksTest {

    private static double[] gradient(TensorFunction f, double... at) {
        Tensor x = Tensor.of(at).requireGradient();
        Tensor y = f.apply(x).sum();
        double[] fused = y.backward().get(x).toDoubles();
        assertThat(Gradients.withGraph(y, x).get(x).toDoubles()).containsExactly(fused);
        return fused;
    }

    @Test
    void slopesAtTheKinksOfActivations() {
        assertThat(gradient(in -> in[0].relu(), -1, 0, 1)).containsExactly(0, 0, 1);
        assertThat(gradient(in -> in[0].leakyRelu(0.2), -1, 0, 1)).containsExactly(0.2, 0.2, 1);
        assertThat(gradient(in -> in[0].abs(), -1, 0, 1)).containsExactly(-1, 0, 1);
        assertThat(gradient(in -> in[0].elu(2), 0)).containsExactly(2);
    }

    @Test
    void clampPassesGradientsInsideAndOnTheBorder() {
        assertThat(gradient(in -> in[0].clamp(-1, 1), -2, -1, 0, 1, 2)).containsExactly(0, 1, 1, 1, 0);
    }

    @Test
    void stepsHaveSlopeZero() {
        for (TensorFunction f : List.<TensorFunction>of(in -> in[0].sign(), in -> in[0].floor(), in -> in[0].round())) {
            assertThat(gradient(f, -1, 0, 0.5, 2)).containsOnly(0);
        }
    }

    @Test
    void tiesShareTheGradient() {
        assertThat(gradient(in -> in[0].max(0), 3, 1, 3)).containsExactly(0.5, 0, 0.5);
        assertThat(gradient(in -> in[0].min(0), 3, 1, 1)).containsExactly(0, 0.5, 0.5);
        Tensor two = Tensor.of(new double[] {1, 2, 3});
        assertThat(gradient(in -> in[0].max(two), 2, 2, 2)).containsExactly(1, 0.5, 0);
        assertThat(gradient(in -> in[0].min(two), 2, 2, 2)).containsExactly(0, 0.5, 1);
    }

    @Test
    void theFirstWinnerOfAMaxPoolTakesAll() {
        Tensor x = Tensor.of(new double[] {5, 5, 5, 5}, 1, 2, 2, 1).requireGradient();
        Gradients g = x.maxPool(2, 2, 0).sum().backward();
        assertThat(g.get(x).toDoubles()).containsExactly(1, 0, 0, 0);
    }

    @Test
    void powersAtZero() {
        assertThat(gradient(in -> in[0].pow(0), 0, 2)).containsExactly(0, 0);
        assertThat(gradient(in -> in[0].pow(1), 0, 2)).containsExactly(1, 1);
        assertThat(gradient(in -> in[0].pow(3), 0, -2)).containsExactly(0, 12);
        assertThat(gradient(in -> in[0].pow(2), 0, -2)).containsExactly(0, -4);
        Tensor exponents = Tensor.of(new double[] {0, 1, 2});
        assertThat(gradient(in -> in[0].pow(exponents), 0, 0, 0)).containsExactly(0, 1, 0);
        Tensor bases = Tensor.of(new double[] {0, 0, 1});
        assertThat(gradient(in -> bases.pow(in[0]), 0, 2, 5)).containsExactly(0, 0, 0);
    }

    @Test
    void secondDerivativesOfPowersWithAZeroExponentAreRight() {
        GradientCheck.of(in -> in[0].pow(in[1]))
                .secondOrder()
                .at(Tensor.of(new double[] {0.5, 2}), Tensor.of(new double[] {0, 0}));
    }

    @Test
    void productsWithZerosHaveExactDerivatives() {
        assertThat(gradient(in -> in[0].prod(0), 2, 0, 3)).containsExactly(0, 6, 0);
        assertThat(gradient(in -> in[0].prod(0), 2, 0, 0)).containsExactly(0, 0, 0);
        GradientCheck.of(in -> in[0].prod(1)).secondOrder().at(Tensor.of(new double[] {2, 0, 3, 0, 0, 5}, 2, 3));
    }

    @Test
    void runningProductsWithZerosHaveExactDerivatives() {
        Tensor x = Tensor.of(new double[] {2, 0, 3, -1, 0, 0, 4, 5}, 2, 4);
        for (int mode = 0; mode < 4; mode++) {
            Cumulate op = new Cumulate(org.atelier4j.tensor.kernel.Reduction.PROD, 1, (mode & 1) != 0, (mode & 2) != 0);
            GradientCheck.of(op::apply).secondOrder().at(x);
        }
    }

    @Test
    void theNormOfZeroHasGradientZeroToTheSecondOrder() {
        Tensor x = Tensor.of(new double[] {0, 0, 3, 4}, 2, 2).requireGradient();
        Tensor dx = Gradients.withGraph(x.norm(1).sum(), x).get(x);
        TensorAssert.assertThat(dx).isCloseTo(Tensor.of(new double[] {0, 0, 0.6, 0.8}, 2, 2), 1e-15, 0);
        Tensor second = dx.square().sum().backward().get(x);
        TensorAssert.assertThat(second).isFinite();
    }

    @Test
    void whereDoesNotLookAtTheSideNotTaken() {
        Tensor x = Tensor.of(new double[] {-1, 4}).requireGradient();
        Tensor hidden = Tensor.of(new double[] {Double.NaN, 1});
        Tensor y = Tensor.where(hidden.less(2), hidden.mul(x), x);
        assertThat(y.toDoubles()).containsExactly(-1, 4);
        Tensor z = Tensor.where(x.less(0), x, hidden);
        assertThat(z.sum().backward().get(x).toDoubles()).containsExactly(1, 0);
    }

    @Test
    void emptyTensorsHaveEmptyGradients() {
        Tensor x = Tensor.of(new double[0], 0, 3).requireGradient();
        Tensor w = Tensor.of(new double[] {1, 2, 3, 4, 5, 6}, 3, 2).requireGradient();
        Gradients g = x.exp().matmul(w).softmax(-1).sum().backward();
        TensorAssert.assertThat(g.get(x)).hasShape(0, 3);
        assertThat(g.get(w).toDoubles()).containsOnly(0);
    }
}
