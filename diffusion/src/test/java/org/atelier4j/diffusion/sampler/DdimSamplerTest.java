package org.atelier4j.diffusion.sampler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.atelier4j.diffusion.Condition;
import org.atelier4j.diffusion.GaussianDiffusion;
import org.atelier4j.diffusion.GaussianWorld;
import org.atelier4j.diffusion.NoiseSchedule;
import org.atelier4j.diffusion.Prediction;
import org.atelier4j.diffusion.Spacing;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Expression;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.junit.jupiter.api.Test;

class DdimSamplerTest {
    private static final NoiseSchedule COSINE = NoiseSchedule.cosine(1000);
    private static final GaussianDiffusion DIFFUSION = new GaussianDiffusion(COSINE, Prediction.V);

    /** Equation 16 with η = 1, written out, is the variance β̃ of ancestral sampling. */
    @Test
    void etaOneHasTheVarianceOfAncestralSampling() {
        DdimSampler sampler = new DdimSampler(DIFFUSION, 1);
        for (int t = 1; t < 1000; t += 37) {
            double before = COSINE.alphasCumprod(t - 1);
            double now = COSINE.alphasCumprod(t);
            double sigma = Math.sqrt((1 - before) / (1 - now)) * Math.sqrt(1 - now / before);

            assertThat(sampler.sigma(t)).isCloseTo(sigma, within(1e-12));
            assertThat(sampler.sigma(t) * sampler.sigma(t)).isCloseTo(DIFFUSION.posteriorVariance(t), within(1e-12));
        }
        assertThat(sampler.sigma(0)).isZero();
    }

    @Test
    void etaOneIsAncestralSamplingToTheNoise() {
        int t = 444;
        Expression xt = Expression.of(Rng.of(1).normal(Shape.of(1, 50)).to(DType.FLOAT64));
        Expression x0 = Expression.of(Rng.of(2).normal(Shape.of(1, 50)).to(DType.FLOAT64));

        Tensor ddim = new DdimSampler(DIFFUSION, 1).step(xt, x0, t, doubles()).tensor();
        Tensor ddpm = new DdpmSampler(DIFFUSION).step(xt, x0, t, doubles()).tensor();

        TensorAssert.assertThat(ddim).isCloseTo(ddpm, 1e-10, 1e-10);
    }

    private static ImageNoise doubles() {
        return new ImageNoise(Shape.of(50), List.of(Rng.of(5)), DType.FLOAT64);
    }

    @Test
    void etaZeroDrawsNothingAfterTheStart() {
        ImageNoise noise = ImageNoise.of(Shape.of(20, 2), 1, 5);
        GaussianDiffusion few = DIFFUSION.spaced(Spacing.TRAILING, 20);

        new DdimSampler(few, 0).sample(GaussianWorld.network(few), Condition.none(), noise);

        assertThat(noise.streams().get(0).position()).isEqualTo(10); // 40 numbers, four to a block
    }

    @Test
    void theSameSeedGivesTheSameBits() {
        GaussianDiffusion few = DIFFUSION.spaced(Spacing.TRAILING, 20);
        for (double eta : new double[] {0, 1}) {
            DdimSampler sampler = new DdimSampler(few, eta);
            Tensor once =
                    sampler.sample(GaussianWorld.network(few), Condition.none(), ImageNoise.of(Shape.of(20, 2), 1, 5));
            Tensor again =
                    sampler.sample(GaussianWorld.network(few), Condition.none(), ImageNoise.of(Shape.of(20, 2), 1, 5));

            TensorAssert.assertThat(again).isIdenticalTo(once);
        }
    }

    @Test
    void samplingUndoesInversion() {
        GaussianDiffusion many = DIFFUSION.spaced(Spacing.LINSPACE, 1000);
        DdimSampler sampler = new DdimSampler(many, 0, X0Limit.none());
        Tensor data = GaussianWorld.data(30, Rng.of(3)).to(DType.FLOAT64);

        Tensor noise = sampler.invert(GaussianWorld.network(many), Condition.none(), data, SamplingListener.silent());
        Tensor x = noise;
        for (int t = 999; t >= 0; t--) {
            Expression x0 = many.predictX0(GaussianWorld.network(many), x, t, Condition.none());
            x = sampler.step(Expression.of(x), x0, t, ImageNoise.of(Shape.of(30, 2), 1, 0))
                    .tensor();
        }

        TensorAssert.assertThat(x).isCloseTo(data, 0, 0.02);
        double[] moments = GaussianWorld.moments(sampler.invert(
                GaussianWorld.network(many),
                Condition.none(),
                GaussianWorld.data(20_000, Rng.of(3)),
                SamplingListener.silent()));
        assertThat(moments[2]).isCloseTo(1, within(0.04)); // what comes out is standard normal
        assertThat(moments[3]).isCloseTo(0, within(0.03));
        assertThat(moments[5]).isCloseTo(1, within(0.04));
    }

    @Test
    void errorsNameTheNumber() {
        assertThatThrownBy(() -> new DdimSampler(DIFFUSION, 1.5))
                .hasMessage("DdimSampler: eta must lie in [0, 1], got 1.5");
    }
}
