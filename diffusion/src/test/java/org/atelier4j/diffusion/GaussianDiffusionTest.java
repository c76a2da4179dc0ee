package org.atelier4j.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.atelier4j.diffusion.GaussianDiffusion.Variance;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Expression;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.junit.jupiter.api.Test;

class GaussianDiffusionTest {
    private static final NoiseSchedule LINEAR = NoiseSchedule.linear(1000);
    private static final GaussianDiffusion DIFFUSION = new GaussianDiffusion(LINEAR, Prediction.EPSILON);

    /** Equation 4 in closed form: mean √ᾱ x0 and variance 1 − ᾱ, within four standard errors of 200,000 draws. */
    @Test
    void noisyImagesHaveTheMomentsOfEquationFour() {
        int n = 200_000;
        for (int t : new int[] {0, 250, 999}) {
            Tensor x0 = Tensor.full(0.7, DType.FLOAT32, Shape.of(1, n));
            Tensor xt =
                    DIFFUSION.qSample(x0, Tensor.of(new int[] {t}, 1), Rng.of(t).normal(x0.shape()));

            double variance = 1 - LINEAR.alphasCumprod(t);
            double mean = xt.to(DType.FLOAT64).mean().item();
            assertThat(mean).isCloseTo(0.7 * Math.sqrt(LINEAR.alphasCumprod(t)), within(4 * Math.sqrt(variance / n)));
            assertThat(xt.to(DType.FLOAT64).variance().item())
                    .isCloseTo(variance, within(4 * variance * Math.sqrt(2.0 / n)));
        }
    }

    @Test
    void eachImageIsSpoiltByItsOwnStep() {
        Tensor x0 = Tensor.ones(3, 2, 2, 1);
        Tensor xt = DIFFUSION.qSample(x0, Tensor.of(new int[] {0, 500, 999}, 3), Tensor.zeros(3, 2, 2, 1));

        float[] values = xt.toFloats();
        assertThat((double) values[0]).isCloseTo(Math.sqrt(LINEAR.alphasCumprod(0)), within(1e-6));
        assertThat((double) values[5]).isCloseTo(Math.sqrt(LINEAR.alphasCumprod(500)), within(1e-6));
        assertThat((double) values[11]).isCloseTo(Math.sqrt(LINEAR.alphasCumprod(999)), within(1e-6));
    }

    /**
     * Bayes: q(x_{t−1} | x_t, x_0) ∝ q(x_t | x_{t−1}) q(x_{t−1} | x_0), two Gaussians in x_{t−1}: precisions add, and the mean
     * is weighted by precision.
     */
    @Test
    void thePosteriorIsThatOfBayes() {
        double x0 = -0.4;
        double xt = 1.3;
        for (int t : new int[] {1, 2, 100, 998, 999}) {
            double beta = LINEAR.beta(t);
            double before = LINEAR.alphasCumprod(t - 1);
            double likelihoodPrecision = (1 - beta) / beta;
            double priorPrecision = 1 / (1 - before);
            double variance = 1 / (likelihoodPrecision + priorPrecision);
            double mean = variance
                    * (likelihoodPrecision * xt / Math.sqrt(1 - beta) + priorPrecision * Math.sqrt(before) * x0);

            assertThat(DIFFUSION.posteriorVariance(t)).isCloseTo(variance, within(1e-12));
            Tensor got = DIFFUSION
                    .posteriorMean(
                            Expression.of(Tensor.of(new double[] {x0}, 1)),
                            Expression.of(Tensor.of(new double[] {xt}, 1)),
                            t)
                    .tensor();
            assertThat(got.item()).isCloseTo(mean, within(1e-12));
        }
    }

    @Test
    void theLastStepBackIsTheDataItself() {
        assertThat(DIFFUSION.posteriorVariance(0)).isEqualTo(0);
        assertThat(DIFFUSION.posteriorX0Coefficient(0)).isCloseTo(1, within(1e-12));
        assertThat(DIFFUSION.posteriorXtCoefficient(0)).isEqualTo(0);
    }

    @Test
    void theTwoVariancesAreThePapers() {
        GaussianDiffusion large = new GaussianDiffusion(LINEAR, Prediction.EPSILON, Variance.FIXED_LARGE);

        assertThat(large.stepVariance(500)).isEqualTo(LINEAR.beta(500));
        assertThat(DIFFUSION.stepVariance(500))
                .isCloseTo(
                        LINEAR.beta(500) * (1 - LINEAR.alphasCumprod(499)) / (1 - LINEAR.alphasCumprod(500)),
                        within(1e-15))
                .isLessThan(LINEAR.beta(500));
    }

    @Test
    void targetsFitTheirPredictions() {
        Tensor x0 = Rng.of(1).normal(Shape.of(2, 3));
        Tensor eps = Rng.of(2).normal(Shape.of(2, 3));
        Tensor t = Tensor.of(new int[] {10, 800}, 2);

        TensorAssert.assertThat(DIFFUSION.target(x0, t, eps)).isIdenticalTo(eps);
        TensorAssert.assertThat(new GaussianDiffusion(LINEAR, Prediction.X0).target(x0, t, eps))
                .isIdenticalTo(x0);
        Tensor v = new GaussianDiffusion(LINEAR, Prediction.V).target(x0, t, eps);
        double a = LINEAR.alphasCumprod(800);
        double expected = Math.sqrt(a) * eps.toDoubles()[5] - Math.sqrt(1 - a) * x0.toDoubles()[5];
        assertThat(v.toDoubles()[5]).isCloseTo(expected, within(1e-6));
    }

    @Test
    void aSpacedProcessTellsTheNetworkTheOriginalStep() {
        GaussianDiffusion spaced = DIFFUSION.spaced(Spacing.TRAILING, 4);
        double[] told = new double[1];

        spaced.predictX0(
                (x, time, condition) -> {
                    told[0] = time.toDoubles()[0];
                    return x;
                },
                Tensor.zeros(1, 2),
                2,
                Condition.none());

        assertThat(told[0]).isEqualTo(749);
        assertThat(spaced.times(Tensor.of(new int[] {0, 3}, 2), Tensor.zeros(1)).toDoubles())
                .containsExactly(249, 999);
    }

    @Test
    void anEstimateOfTheDataUndoesTheNoise() {
        Tensor x0 = Rng.of(1).normal(Shape.of(2, 3));
        Tensor eps = Rng.of(2).normal(Shape.of(2, 3));
        Tensor xt = DIFFUSION.qSample(x0, Tensor.of(new int[] {300, 300}, 2), eps);

        TensorAssert.assertThat(DIFFUSION
                        .predictX0((x, time, condition) -> eps, xt, 300, Condition.none())
                        .tensor())
                .isCloseTo(x0, 1e-5, 1e-5);
    }

    @Test
    void errorsNameTheNumbers() {
        assertThatThrownBy(() -> new GaussianDiffusion(LINEAR.zeroTerminalSnr(), Prediction.EPSILON))
                .hasMessage(
                        "GaussianDiffusion: a schedule with zero terminal SNR needs prediction V or X0, got EPSILON");
        assertThatThrownBy(() ->
                        DIFFUSION.qSample(Tensor.zeros(3, 2), Tensor.of(new int[] {1, 2}, 2), Tensor.zeros(3, 2)))
                .hasMessage("diffusion: one time per image must be given, got [2] for shape [3, 2]");
    }
}
