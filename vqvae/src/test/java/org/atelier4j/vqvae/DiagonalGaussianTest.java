package org.atelier4j.vqvae;

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
import org.junit.jupiter.api.Test;

class DiagonalGaussianTest {
    private static final int DRAWS = 200_000;

    /** {@code KL = E_q[log q(z) − log p(z)]}: the closed form against its mean over samples. */
    @Test
    void theDivergenceIsThatOfSamples() {
        double mean = 0.7;
        double logVariance = -1.2;
        DiagonalGaussian many = new DiagonalGaussian(
                Tensor.full(mean, DType.FLOAT64, Shape.of(DRAWS, 1, 1, 1)),
                Tensor.full(logVariance, DType.FLOAT64, Shape.of(DRAWS, 1, 1, 1)));
        double sum = 0;
        double squares = 0;
        for (double z : many.sample(Rng.of(1)).toDoubles()) {
            double logQ = -0.5 * (Math.pow(z - mean, 2) / Math.exp(logVariance) + logVariance); // + const
            double logP = -0.5 * z * z; // + the same
            sum += logQ - logP;
            squares += Math.pow(logQ - logP, 2);
        }
        double average = sum / DRAWS;
        double error = Math.sqrt((squares / DRAWS - average * average) / DRAWS);

        assertThat(many.divergence().mean().item()).isCloseTo(average, within(5 * error));
        assertThat(error).isLessThan(0.01 * average);
    }

    @Test
    void theDivergenceIsSummedPerImageAndZeroOnlyForThePrior() {
        Tensor zeros = Tensor.zeros(2, 3, 3, 4);
        Tensor shifted = Tensor.concat(0, Tensor.zeros(1, 3, 3, 4), Tensor.ones(1, 3, 3, 4)); // second image: μ = 1

        TensorAssert.assertThat(new DiagonalGaussian(zeros, zeros).divergence()).hasValues(0, 0);
        TensorAssert.assertThat(new DiagonalGaussian(shifted, zeros).divergence())
                .hasValues(0, 18); // 36 · ½
    }

    @Test
    void samplesHaveTheMomentsAndGradientsReachBoth() {
        Tensor mean = Tensor.full(2, DType.FLOAT32, Shape.of(DRAWS, 1, 1, 1));
        Tensor logVariance = Tensor.full(Math.log(9), DType.FLOAT32, Shape.of(DRAWS, 1, 1, 1));

        Tensor z = new DiagonalGaussian(mean, logVariance).sample(Rng.of(2));

        assertThat(z.mean().item()).isCloseTo(2, within(5 * 3 / Math.sqrt(DRAWS)));
        assertThat(z.variance().sqrt().item()).isCloseTo(3, within(0.03));
        Tensor eps = Rng.of(3).normal(Shape.of(1, 2, 2, 3)).to(DType.FLOAT64);
        Tensor moments = Rng.of(4).normal(Shape.of(1, 2, 2, 6)).to(DType.FLOAT64);
        GradientCheck.of(x -> DiagonalGaussian.ofMoments(x[0]).sample(eps)).at(moments);
        GradientCheck.of(x -> DiagonalGaussian.ofMoments(x[0]).divergence()).at(moments);
    }

    @Test
    void hugeLogVariancesAreLimitedSoThatNothingOverflows() {
        Tensor moments = Tensor.of(new float[] {0, 0, -1000, 1000}, 1, 1, 1, 4);

        DiagonalGaussian posterior = DiagonalGaussian.ofMoments(moments);

        TensorAssert.assertThat(posterior.logVariance()).hasValues(-30, 20);
        TensorAssert.assertThat(posterior.sample(Rng.of(1))).isFinite();
        TensorAssert.assertThat(posterior.divergence()).isFinite();
    }

    @Test
    void messagesSayWhatMustHold() {
        assertThatThrownBy(() -> DiagonalGaussian.ofMoments(Tensor.zeros(1, 2, 2, 3)))
                .isInstanceOf(ShapeException.class)
                .hasMessage("DiagonalGaussian: moments must have an even number of channels, got [1, 2, 2, 3]");
        assertThatThrownBy(() -> new DiagonalGaussian(Tensor.zeros(1, 2), Tensor.zeros(2, 1)))
                .hasMessage("DiagonalGaussian: mean and logVariance must have one shape, got [1, 2] and [2, 1]");
    }
}
