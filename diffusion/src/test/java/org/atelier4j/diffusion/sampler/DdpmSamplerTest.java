package org.atelier4j.diffusion.sampler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.atelier4j.diffusion.Condition;
import org.atelier4j.diffusion.GaussianDiffusion;
import org.atelier4j.diffusion.NoiseSchedule;
import org.atelier4j.diffusion.Prediction;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Expression;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.junit.jupiter.api.Test;

class DdpmSamplerTest {
    private static final NoiseSchedule LINEAR = NoiseSchedule.linear(1000);
    private static final GaussianDiffusion DIFFUSION = new GaussianDiffusion(LINEAR, Prediction.EPSILON);
    private static final Shape IMAGE = Shape.of(4, 4, 1);

    @Test
    void theLastStepAddsNoNoise() {
        DdpmSampler sampler = new DdpmSampler(DIFFUSION);
        Tensor xt = Rng.of(1).normal(IMAGE.insert(0, 1));
        Tensor x0 = Rng.of(2).normal(IMAGE.insert(0, 1));
        ImageNoise noise = ImageNoise.of(IMAGE, 1, 3);
        long before = noise.streams().get(0).position();

        Tensor end =
                sampler.step(Expression.of(xt), Expression.of(x0), 0, noise).tensor();

        assertThat(noise.streams().get(0).position()).isEqualTo(before);
        TensorAssert.assertThat(end).isCloseTo(x0, 1e-6, 1e-6); // β̃ is 0 and the mean is x0
    }

    @Test
    void earlierStepsAddTheStepsVariance() {
        Shape wide = Shape.of(200_000);
        Expression zero = Expression.of(Tensor.zeros(1, 200_000));

        Tensor next = new DdpmSampler(DIFFUSION)
                .step(zero, zero, 700, ImageNoise.of(wide, 1, 3))
                .tensor();

        double variance = next.to(DType.FLOAT64).variance().item();
        assertThat(variance).isCloseTo(DIFFUSION.posteriorVariance(700), within(0.015 * LINEAR.beta(700)));
    }

    /** Equation 11: the mean is (x_t − β_t/√(1 − ᾱ_t) ε)/√α_t. */
    @Test
    void theMeanIsThatOfEquationEleven() {
        int t = 321;
        Tensor xt = Rng.of(1).normal(Shape.of(1, 50)).to(DType.FLOAT64);
        Tensor eps = Rng.of(2).normal(Shape.of(1, 50)).to(DType.FLOAT64);
        Expression x0 = DIFFUSION.predictX0((x, time, c) -> eps, xt, t, Condition.none());

        Tensor expected = xt.sub(eps.mul(LINEAR.beta(t) / Math.sqrt(1 - LINEAR.alphasCumprod(t))))
                .div(Math.sqrt(1 - LINEAR.beta(t)));

        TensorAssert.assertThat(
                        DIFFUSION.posteriorMean(x0, Expression.of(xt), t).tensor())
                .isCloseTo(expected, 1e-10, 1e-10);
    }

    @Test
    void estimatesAreClippedUnlessToldOtherwise() {
        GaussianDiffusion few = DIFFUSION.spaced(org.atelier4j.diffusion.Spacing.TRAILING, 3);

        Tensor clipped =
                new DdpmSampler(few).sample((x, t, c) -> x.mul(-5), Condition.none(), ImageNoise.of(IMAGE, 2, 1));
        Tensor free = new DdpmSampler(few, X0Limit.none())
                .sample((x, t, c) -> x.mul(-5), Condition.none(), ImageNoise.of(IMAGE, 2, 1));

        assertThat(clipped.abs().max().item()).isLessThanOrEqualTo(1);
        assertThat(free.abs().max().item()).isGreaterThan(10);
    }
}
