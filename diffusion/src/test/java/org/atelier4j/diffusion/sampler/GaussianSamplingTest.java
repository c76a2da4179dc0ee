package org.atelier4j.diffusion.sampler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.atelier4j.diffusion.Condition;
import org.atelier4j.diffusion.Denoiser;
import org.atelier4j.diffusion.EdmSchedule;
import org.atelier4j.diffusion.GaussianDiffusion;
import org.atelier4j.diffusion.GaussianDiffusion.Variance;
import org.atelier4j.diffusion.GaussianWorld;
import org.atelier4j.diffusion.NoiseSchedule;
import org.atelier4j.diffusion.Prediction;
import org.atelier4j.diffusion.SigmaDenoiser;
import org.atelier4j.diffusion.Spacing;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** With the perfect denoiser every sampler draws from the data's law: mean and covariance of 20,000 points, within 3 %. */
class GaussianSamplingTest {
    private static final int POINTS = 20_000;

    static List<Arguments> samplers() {
        GaussianDiffusion linear = new GaussianDiffusion(NoiseSchedule.linear(1000), Prediction.EPSILON);
        GaussianDiffusion large = new GaussianDiffusion(linear.schedule(), Prediction.EPSILON, Variance.FIXED_LARGE);
        GaussianDiffusion cosine = new GaussianDiffusion(NoiseSchedule.cosine(1000), Prediction.V);
        GaussianDiffusion terminal =
                new GaussianDiffusion(NoiseSchedule.linear(1000).zeroTerminalSnr(), Prediction.V);
        GaussianDiffusion some = cosine.spaced(Spacing.TRAILING, 200);
        GaussianDiffusion few = cosine.spaced(Spacing.TRAILING, 25);
        GaussianDiffusion more = cosine.spaced(Spacing.TRAILING, 50);
        X0Limit none = X0Limit.none();
        HeunSampler.Churn churn = new HeunSampler.Churn(20, 0.05, 50, 1);
        return List.of(
                arguments("DDPM, small variance", new DdpmSampler(linear, none), network(linear)),
                arguments("DDPM, large variance", new DdpmSampler(large, none), network(large)),
                arguments("DDPM, zero terminal SNR", new DdpmSampler(terminal, none), network(terminal)),
                arguments("DDIM, η = 0", new DdimSampler(some, 0, none), network(some)),
                arguments("DDIM, η = ½", new DdimSampler(some, 0.5, none), network(some)),
                arguments("DDIM, η = 1, zero terminal SNR", new DdimSampler(terminal, 1, none), network(terminal)),
                arguments("DPM-Solver++ in 25 steps", new DpmSolverSampler(few, none), network(few)),
                arguments("SDE-DPM-Solver++ in 50 steps", new SdeDpmSolverSampler(more, none), network(more)),
                arguments("Euler", new EulerSampler(EdmSchedule.of(400)), GaussianWorld.denoiser()),
                arguments("Heun", new HeunSampler(EdmSchedule.of(60)), GaussianWorld.denoiser()),
                arguments("Heun with churn", new HeunSampler(EdmSchedule.of(100), churn), GaussianWorld.denoiser()),
                arguments(
                        "Heun over a discrete network",
                        new HeunSampler(EdmSchedule.within(cosine.schedule(), 60)),
                        new SigmaDenoiser(cosine, nearest(cosine))),
                arguments("flow by Euler", new FlowSampler(200, FlowSampler.Method.EULER), GaussianWorld.velocity()),
                arguments("flow by Heun", new FlowSampler(20, FlowSampler.Method.HEUN), GaussianWorld.velocity()));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("samplers")
    void meanAndCovarianceAreTheData(String name, Sampler sampler, Denoiser denoiser) {
        ImageNoise noise = new ImageNoise(Shape.of(POINTS, 2), List.of(Rng.of(3)), DType.FLOAT32);

        double[] m = GaussianWorld.moments(sampler.sample(denoiser, Condition.none(), noise));

        double scale = 0.03; // of a deviation of about 1
        assertThat(m[0]).as("mean of x").isCloseTo(GaussianWorld.MEAN[0], within(scale));
        assertThat(m[1]).as("mean of y").isCloseTo(GaussianWorld.MEAN[1], within(scale));
        double[] c = GaussianWorld.COVARIANCE;
        assertThat(m[2]).as("variance of x").isCloseTo(c[0], within(scale * c[0]));
        assertThat(m[5]).as("variance of y").isCloseTo(c[3], within(scale * c[3]));
        assertThat(m[3]).as("covariance").isCloseTo(c[1], within(scale * Math.sqrt(c[0] * c[3])));
    }

    private static Denoiser network(GaussianDiffusion diffusion) {
        return GaussianWorld.network(diffusion);
    }

    /** The perfect network knows whole steps only: a real one is smooth in time. */
    private static Denoiser nearest(GaussianDiffusion diffusion) {
        Denoiser network = GaussianWorld.network(diffusion);
        return (x, time, condition) -> network.denoise(x, time.round(), condition);
    }

    private static Arguments arguments(String name, Sampler sampler, Denoiser denoiser) {
        return Arguments.of(name, sampler, denoiser);
    }
}
