package org.atelier4j.diffusion.sampler;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import org.atelier4j.diffusion.Condition;
import org.atelier4j.diffusion.Denoiser;
import org.atelier4j.diffusion.EdmSchedule;
import org.atelier4j.diffusion.GaussianDiffusion;
import org.atelier4j.diffusion.GaussianWorld;
import org.atelier4j.diffusion.NoiseSchedule;
import org.atelier4j.diffusion.Prediction;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * For Gaussian data the probability flow has a closed form, so the error of a solver is known: halving its steps must divide
 * it by 2 (first order) or 4 (second order). Everything in float64.
 */
class ConvergenceOrderTest {
    private static final Shape POINTS = Shape.of(50, 2);

    private record Setup(Sampler sampler, Denoiser denoiser) {}

    private static ImageNoise noise() {
        return new ImageNoise(POINTS, List.of(Rng.of(1)), DType.FLOAT64);
    }

    /** Returns the slope of log error over log steps, over three doublings. */
    private static double order(int steps, IntFunction<Setup> make, Tensor exact) {
        double[] errors = new double[4];
        for (int i = 0; i < errors.length; i++) {
            Setup setup = make.apply(steps << i);
            Tensor x = setup.sampler().sample(setup.denoiser(), Condition.none(), noise());
            errors[i] = x.sub(exact).abs().max().item();
        }
        return Math.log(errors[0] / errors[3]) / Math.log(8);
    }

    /**
     * Returns where the flow takes {@code start} from noise level σ to 0: along an axis of Σ with variance s² it keeps
     * {@code (x − μ)/√(s² + σ²)}.
     */
    private static Tensor transported(Tensor start, double sigma) {
        double[] c = GaussianWorld.COVARIANCE;
        double half = (c[0] + c[3]) / 2;
        double root = Math.hypot((c[0] - c[3]) / 2, c[1]);
        double angle = Math.atan2(c[1], (c[0] - c[3]) / 2) / 2;
        double[] turn = {Math.cos(angle), -Math.sin(angle), Math.sin(angle), Math.cos(angle)};
        Tensor axes = Tensor.of(turn, 2, 2); // its columns
        Tensor variances = Tensor.of(new double[] {half + root, half - root}, 2);
        Tensor factors = variances.div(variances.add(sigma * sigma)).sqrt();
        Tensor mean = Tensor.of(GaussianWorld.MEAN, 2);
        Tensor along = start.sub(mean).reshape(-1, 2).matmul(axes).mul(factors);
        return along.matmul(axes, false, true).add(mean).reshape(start.shape());
    }

    private static EdmSchedule sigmas(int steps) {
        return new EdmSchedule(steps, 1e-5, 10, 3);
    }

    @Test
    void eulerIsOfFirstOrder() {
        double order = order(
                40,
                n -> new Setup(new EulerSampler(sigmas(n)), GaussianWorld.denoiser()),
                transported(noise().draw().mul(10), 10));

        assertThat(order).isBetween(0.9, 1.1);
    }

    @Test
    void heunIsOfSecondOrder() {
        double order = order(
                40,
                n -> new Setup(new HeunSampler(sigmas(n)), GaussianWorld.denoiser()),
                transported(noise().draw().mul(10), 10));

        assertThat(order).isBetween(1.85, 2.15);
    }

    /** A schedule that is even in λ = ½ ln SNR, from −3 to 9, so that all steps of the solver have one length. */
    private static GaussianDiffusion even(int steps, Prediction prediction) {
        double[] alphasCumprod = new double[steps];
        Arrays.setAll(alphasCumprod, t -> 1 / (1 + Math.exp(-2 * (9 - 12.0 * t / (steps - 1)))));
        return new GaussianDiffusion(NoiseSchedule.ofAlphasCumprod(alphasCumprod), prediction);
    }

    /** x_t/√ᾱ_t is x0 + σε with σ = e^(−λ); the start is not scaled by √(1 − ᾱ), nor is what the sampler draws. */
    private static Tensor exactEnd() {
        double sigma = Math.exp(3);
        return transported(noise().draw().mul(Math.sqrt(1 + sigma * sigma)), sigma);
    }

    @ParameterizedTest
    @EnumSource
    void dpmSolverIsOfSecondOrderForEveryPrediction(Prediction prediction) {
        double order = order(
                40,
                n -> {
                    GaussianDiffusion diffusion = even(n, prediction);
                    DpmSolverSampler sampler = new DpmSolverSampler(diffusion, X0Limit.none());
                    return new Setup(sampler, GaussianWorld.network(diffusion));
                },
                exactEnd());

        assertThat(order).isBetween(1.85, 2.15);
    }

    @Test
    void ddimIsOfFirstOrder() {
        double order = order(
                40,
                n -> {
                    GaussianDiffusion diffusion = even(n, Prediction.EPSILON);
                    DdimSampler sampler = new DdimSampler(diffusion, 0, X0Limit.none());
                    return new Setup(sampler, GaussianWorld.network(diffusion));
                },
                exactEnd());

        assertThat(order).isBetween(0.9, 1.1);
    }

    /** The field of the flow of Gaussian data is smooth in t, so Euler is of first order and Heun of second. */
    @ParameterizedTest
    @EnumSource
    void flowsHaveTheOrderOfTheirMethod(FlowSampler.Method method) {
        double order = order(
                20,
                n -> new Setup(new FlowSampler(n, method), GaussianWorld.velocity()),
                GaussianWorld.transported(noise().draw()));

        double wanted = method == FlowSampler.Method.EULER ? 1 : 2;
        assertThat(order).isBetween(wanted - 0.15, wanted + 0.15);
    }
}
