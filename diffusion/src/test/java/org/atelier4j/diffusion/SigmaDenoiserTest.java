package org.atelier4j.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SigmaDenoiserTest {
    private static final NoiseSchedule COSINE = NoiseSchedule.cosine(1000);

    @ParameterizedTest
    @EnumSource
    void aDiscreteNetworkDenoisesAtItsLevels(Prediction prediction) {
        GaussianDiffusion diffusion = new GaussianDiffusion(COSINE, prediction);
        Denoiser denoiser = new SigmaDenoiser(diffusion, GaussianWorld.network(diffusion));
        Tensor x = Rng.of(1).normal(Shape.of(1, 20, 2)).to(DType.FLOAT64);
        for (int t : new int[] {0, 400, 900}) {
            double sigma = COSINE.sigma(t);
            Tensor level = Tensor.of(new double[] {sigma}, 1);

            TensorAssert.assertThat(denoiser.denoise(x.mul(sigma), level, Condition.none()))
                    .isCloseTo(GaussianWorld.x0(x.mul(sigma), 1, sigma), 1e-9, 1e-9);
        }
    }

    @Test
    void levelsBetweenTwoStepsAreToldAsFractions() {
        SigmaDenoiser denoiser = new SigmaDenoiser(new GaussianDiffusion(COSINE, Prediction.V), (x, t, c) -> x);
        double between = Math.sqrt(COSINE.sigma(500) * COSINE.sigma(501));

        assertThat(denoiser.timestep(COSINE.sigma(500))).isEqualTo(500);
        assertThat(denoiser.timestep(between)).isCloseTo(500.5, within(1e-9));
        assertThat(denoiser.timestep(1e-9)).isEqualTo(0);
        assertThat(denoiser.timestep(1e9)).isEqualTo(999);
    }

    @Test
    void aSpacedScheduleTellsTheOriginalSteps() {
        GaussianDiffusion spaced = new GaussianDiffusion(COSINE.spaced(Spacing.TRAILING, 10), Prediction.V);

        assertThat(new SigmaDenoiser(spaced, (x, t, c) -> x).timestep(COSINE.sigma(499)))
                .isEqualTo(499);
    }

    @Test
    void levelsBelowPureNoiseOfAZeroTerminalScheduleAreItsLastButOneStep() {
        GaussianDiffusion diffusion = new GaussianDiffusion(COSINE.zeroTerminalSnr(), Prediction.V);

        assertThat(new SigmaDenoiser(diffusion, (x, t, c) -> x).timestep(1e9)).isEqualTo(998);
    }

    @Test
    void imagesAtDifferentLevelsAreRefused() {
        SigmaDenoiser denoiser = new SigmaDenoiser(new GaussianDiffusion(COSINE, Prediction.V), (x, t, c) -> x);

        assertThatThrownBy(() ->
                        denoiser.denoise(Tensor.zeros(2, 1), Tensor.of(new float[] {1, 2}, 2), Condition.none()))
                .hasMessage("SigmaDenoiser: all images must be at one sigma, got 1.0 and 2.0");
    }
}
