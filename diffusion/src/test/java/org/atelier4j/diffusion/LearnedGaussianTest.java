package org.atelier4j.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.atelier4j.data.Batch;
import org.atelier4j.diffusion.sampler.DdimSampler;
import org.atelier4j.diffusion.sampler.DpmSolverSampler;
import org.atelier4j.diffusion.sampler.ImageNoise;
import org.atelier4j.diffusion.sampler.Sampler;
import org.atelier4j.diffusion.sampler.X0Limit;
import org.atelier4j.nn.Layer;
import org.atelier4j.nn.Linear;
import org.atelier4j.nn.SinusoidalEmbedding;
import org.atelier4j.nn.TimestepEmbedding;
import org.atelier4j.optim.Adam;
import org.atelier4j.optim.Ema;
import org.atelier4j.optim.GradientClip;
import org.atelier4j.optim.LearningRate;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.NoGrad;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The whole family on data for which the answer is known: a network of two layers, trained by {@link DiffusionStep} on a
 * Gaussian, comes within 2 % of the best possible ε, and samples drawn with it have the data's covariance within 3 %.
 */
@Tag("slow")
class LearnedGaussianTest {
    private static final int STEPS = 3000;
    private static final int BATCH = 1024;
    private static final GaussianDiffusion DIFFUSION =
            new GaussianDiffusion(NoiseSchedule.linear(1000), Prediction.EPSILON);

    /** Two layers, the first one scaled and shifted by the time. */
    private static final class TwoLayers extends Layer {
        private static final int WIDTH = 64;
        private final Linear first;
        private final Linear second;
        private final TimestepEmbedding time;

        TwoLayers(Rng rng) {
            first = child("first", new Linear(2, WIDTH, rng.split("first")));
            second = child("second", new Linear(WIDTH, 2, rng.split("second")));
            time = child("time", new TimestepEmbedding(SinusoidalEmbedding.ddpm(32), 2 * WIDTH, rng.split("time")));
        }

        Tensor forward(Tensor x, Tensor t, Condition condition) {
            Tensor points = x.reshape(-1, 2); // (B, 2)
            Tensor style = time.forward(t); // (B, 2 W), or (1, 2 W) for one time
            Tensor h = first.forward(points); // (B, W)
            h = h.mul(style.slice(1, 0, WIDTH).add(1))
                    .add(style.slice(1, WIDTH, WIDTH))
                    .silu();
            return second.forward(h).reshape(x.shape());
        }
    }

    @Test
    void aTrainedNetworkIsTheBestOneAndSamplesTheData() {
        TwoLayers model = new TwoLayers(Rng.of(1));
        Adam adam = new Adam(
                model.parameters(),
                Adam.Config.of(3e-3)
                        .withRate(LearningRate.cosine(3e-3, 0, STEPS).warmUp(100)));
        Ema ema = new Ema(model, Ema.Config.of(100 * BATCH));
        DiffusionStep step = new DiffusionStep(
                model::forward,
                new DenoisingLoss(DIFFUSION),
                adam,
                ema,
                new DiffusionStep.Settings(Condition.none(), 0, GradientClip.NONE, Rng.of(2)));
        Tensor labels = Tensor.of(new int[BATCH], BATCH);
        for (int i = 0; i < STEPS; i++) {
            Tensor points = GaussianWorld.data(BATCH, Rng.of(3).split((long) i)).reshape(BATCH, 2);
            step.run(new Batch(points, labels), i);
        }

        try (Ema.Scope averaged = ema.applied();
                NoGrad off = NoGrad.open()) {
            assertThat(relativeError(model)).as("error of ε").isLessThan(0.02);
            samplesHaveTheMomentsOfTheData(model, new DdimSampler(spaced(200), 0, X0Limit.none()));
            samplesHaveTheMomentsOfTheData(model, new DpmSolverSampler(spaced(50), X0Limit.none()));
        }
    }

    private static GaussianDiffusion spaced(int steps) {
        return DIFFUSION.spaced(Spacing.TRAILING, steps);
    }

    /** Returns the root of E‖ε_θ − ε*‖²/E‖ε*‖² over all times and noisy points. */
    private static double relativeError(TwoLayers model) {
        double wrong = 0;
        double all = 0;
        for (int t = 5; t < 1000; t += 10) {
            Tensor x0 = GaussianWorld.data(2000, Rng.of(100 + t));
            Tensor xt = DIFFUSION.qSample(
                    x0, Tensor.of(new int[] {t}, 1), Rng.of(200 + t).normal(x0.shape()));
            Tensor time = DIFFUSION.times(Tensor.of(new int[] {t}, 1), xt);
            Tensor best = GaussianWorld.network(DIFFUSION).denoise(xt, time, Condition.none());
            wrong += model.forward(xt, time, Condition.none())
                    .sub(best)
                    .square()
                    .sum()
                    .item();
            all += best.square().sum().item();
        }
        return Math.sqrt(wrong / all);
    }

    private static void samplesHaveTheMomentsOfTheData(TwoLayers model, Sampler sampler) {
        ImageNoise noise = new ImageNoise(Shape.of(20_000, 2), List.of(Rng.of(3)), DType.FLOAT32);
        double[] m = GaussianWorld.moments(sampler.sample(model::forward, Condition.none(), noise));

        double[] c = GaussianWorld.COVARIANCE;
        assertThat(m[0]).as("mean of x").isCloseTo(GaussianWorld.MEAN[0], within(0.03));
        assertThat(m[1]).as("mean of y").isCloseTo(GaussianWorld.MEAN[1], within(0.03));
        assertThat(m[2]).as("variance of x").isCloseTo(c[0], within(0.03 * c[0]));
        assertThat(m[5]).as("variance of y").isCloseTo(c[3], within(0.03 * c[3]));
        assertThat(m[3]).as("covariance").isCloseTo(c[1], within(0.03 * Math.sqrt(c[0] * c[3])));
    }
}
