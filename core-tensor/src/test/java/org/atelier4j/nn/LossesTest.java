package org.atelier4j.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.ShapeException;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.autograd.GradientCheck;
import org.atelier4j.tensor.autograd.Gradients;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.kernel.Distribution;
import org.junit.jupiter.api.Test;

/** Closed forms, awkward points and refusals of losses; values and gradients at large are golden. */
class LossesTest {
    private final Rng rng = Rng.of(5);

    private Tensor normal(int... dims) {
        return rng.draw(Distribution.NORMAL, Shape.of(dims), DType.FLOAT64, Device.cpu());
    }

    @Test
    void huberIsSmoothAtTheBorderAndLinearBeyond() {
        Tensor x = Tensor.of(new double[] {0, 0.5, 1, 3, -3}).requireGradient();
        Tensor loss = Losses.huber(x, Tensor.zerosLike(x), 1);
        assertThat(loss.item()).isCloseTo((0.125 + 0.5 + 2.5 + 2.5) / 5, within(1e-15));
        TensorAssert.assertThat(loss.backward().get(x).mul(5))
                .isCloseTo(Tensor.of(new double[] {0, 0.5, 1, 1, -1}), 1e-15, 0);
    }

    @Test
    void binaryCrossEntropyOfConfidentLogitsIsExactInSinglePrecision() {
        Tensor logits = Tensor.of(new float[] {20, -20, 200, -200}).requireGradient();
        Tensor targets = Tensor.of(new float[] {1, 0, 0, 1});
        Tensor losses = Losses.binaryCrossEntropies(logits, targets);
        double small = Math.log1p(Math.exp(-20));
        TensorAssert.assertThat(losses)
                .isCloseTo(Tensor.of(new float[] {(float) small, (float) small, 200, 200}), 1e-6, 0);
        Tensor d = losses.sum().backward().get(logits);
        float sigma = (float) (1 / (1 + Math.exp(20)));
        TensorAssert.assertThat(d).isCloseTo(Tensor.of(new float[] {-sigma, sigma, 1, -1}), 1e-6, 0);
    }

    @Test
    void crossEntropyOfUniformLogitsIsLogK() {
        Tensor loss = Losses.crossEntropy(Tensor.zeros(4, 10), Tensor.of(new int[] {0, 3, 9, 5}));
        assertThat(loss.item()).isCloseTo(Math.log(10), within(1e-5));
    }

    @Test
    void crossEntropyOfHugeLogitsIsFinite() {
        Tensor logits = Tensor.of(new float[] {1e4f, -1e4f}, 1, 2).requireGradient();
        Tensor loss = Losses.crossEntropy(logits, Tensor.of(new int[] {1}, 1));
        assertThat(loss.item()).isEqualTo(2e4);
        assertThat(loss.backward().get(logits).toFloats()).containsExactly(1, -1);
    }

    @Test
    void allItemsIgnoredGiveLossAndGradientZero() {
        Tensor logits = normal(3, 4).requireGradient();
        Tensor loss = Losses.crossEntropy(logits, Tensor.of(new int[] {-100, -100, -100}));
        assertThat(loss.item()).isZero();
        TensorAssert.assertThat(loss.backward().get(logits).abs()).isIdenticalTo(Tensor.zerosLike(logits));
    }

    @Test
    void ignoredItemsGetNoGradient() {
        Tensor logits = normal(2, 3).requireGradient();
        Gradients g = Losses.crossEntropy(logits, Tensor.of(new int[] {2, 0}), new Losses.ClassTargets(0.1, 2))
                .backward();
        assertThat(g.get(logits).slice(0, 0, 1).abs().sum().item()).isZero();
        assertThat(g.get(logits).slice(0, 1, 1).abs().sum().item()).isPositive();
    }

    @Test
    void divergencesVanishForEqualLawsAndAreHeldAgainstClosedForms() {
        Tensor m = normal(5);
        Tensor v = normal(5);
        assertThat(Losses.normalDivergences(m, v, m, v).abs().max().item()).isLessThan(1e-14);
        assertThat(Losses.standardNormalDivergences(Tensor.zeros(3), Tensor.zeros(3))
                        .toFloats())
                .containsOnly(0);
        Tensor half = Tensor.of(new double[] {0.5, 0.5}, 1, 2).log();
        Tensor quarter = Tensor.of(new double[] {0.25, 0.75}, 1, 2).log();
        assertThat(Losses.categoricalDivergences(half, quarter).item())
                .isCloseTo(0.5 * Math.log(2) + 0.5 * Math.log(2.0 / 3), within(1e-15));
    }

    @Test
    void aClassWithProbabilityZeroAddsNothingToADivergence() {
        Tensor p =
                Tensor.of(new double[] {0, 0, Double.NEGATIVE_INFINITY}, 1, 3).requireGradient();
        Tensor q = Tensor.of(new double[] {0, 0, 0}, 1, 3).requireGradient();
        Tensor d = Losses.categoricalDivergences(p, q);
        assertThat(d.item()).isCloseTo(Math.log(1.5), within(1e-15));
        Gradients g = d.sum().backward();
        TensorAssert.assertThat(g.get(q)).isFinite();
        TensorAssert.assertThat(g.get(p)).isFinite();
    }

    @Test
    void secondDerivativesExist() {
        Tensor labels = Tensor.of(new int[] {1, -100, 0});
        Losses.ClassTargets smooth = new Losses.ClassTargets(0.1, -100);
        GradientCheck.of(in -> Losses.crossEntropy(in[0], labels, smooth))
                .secondOrder()
                .at(normal(3, 4));
        GradientCheck.of(in -> Losses.binaryCrossEntropy(in[0], in[1].sigmoid()))
                .secondOrder()
                .at(normal(4), normal(4));
        GradientCheck.of(in -> Losses.huber(in[0], in[1], 0.8)).secondOrder().at(normal(6), normal(6));
        GradientCheck.of(in -> Losses.categoricalDivergences(in[0], in[1]))
                .secondOrder()
                .at(normal(2, 3), normal(2, 3));
        GradientCheck.of(in -> Losses.normalDivergences(in[0], in[1], in[2], in[3]))
                .secondOrder()
                .at(normal(3), normal(3), normal(3), normal(3));
    }

    @Test
    void whatLossesRefuse() {
        assertThatThrownBy(() -> Losses.mse(Tensor.ones(2, 1), Tensor.ones(2)))
                .isInstanceOf(ShapeException.class)
                .hasMessage("mse: shapes must be equal, got [2, 1] and [2]");
        assertThatThrownBy(() -> Losses.crossEntropy(Tensor.ones(2, 3), Tensor.of(new int[] {1, 3})))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("crossEntropy: labels must lie in [0, 3) or be -100, got 3");
        assertThatThrownBy(() -> Losses.crossEntropy(Tensor.ones(2, 3), Tensor.of(new int[] {1, 0, 2})))
                .isInstanceOf(ShapeException.class)
                .hasMessage("crossEntropy: logits must be (…, K) and labels (…), got [2, 3] and [3]");
        assertThatThrownBy(() -> Losses.crossEntropy(Tensor.ones(2, 3), Tensor.ones(2)))
                .hasMessage("crossEntropy: labels: dtype must be INT32, got FLOAT32 for shape [2]");
        assertThatThrownBy(() -> new Losses.ClassTargets(1, -1))
                .hasMessage("crossEntropy: smoothing must lie in [0, 1), got 1.0");
        assertThatThrownBy(() -> Losses.huber(Tensor.ones(1), Tensor.ones(1), 0))
                .hasMessage("huber: delta must be > 0, got 0.0");
    }
}
