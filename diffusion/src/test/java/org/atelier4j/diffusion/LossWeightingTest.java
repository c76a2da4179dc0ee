package org.atelier4j.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LossWeightingTest {
    private static final LossWeighting MIN_SNR = LossWeighting.minSnr();

    @Test
    void minSnrWeightsAreThePapersForEachPrediction() {
        assertThat(MIN_SNR.weight(Prediction.EPSILON, 20)).isEqualTo(5.0 / 20);
        assertThat(MIN_SNR.weight(Prediction.EPSILON, 2)).isEqualTo(1);
        assertThat(MIN_SNR.weight(Prediction.X0, 20)).isEqualTo(5);
        assertThat(MIN_SNR.weight(Prediction.X0, 2)).isEqualTo(2);
        assertThat(MIN_SNR.weight(Prediction.V, 20)).isEqualTo(5.0 / 21);
        assertThat(MIN_SNR.weight(Prediction.V, 2)).isEqualTo(2.0 / 3);
        assertThat(new LossWeighting.MinSnr(1).weight(Prediction.X0, 20)).isEqualTo(1);
    }

    @Test
    void weightsHaveTheirLimitsWherePureNoiseIsLeft() {
        assertThat(MIN_SNR.weight(Prediction.EPSILON, 0)).isEqualTo(1);
        assertThat(MIN_SNR.weight(Prediction.X0, 0)).isEqualTo(0);
        assertThat(MIN_SNR.weight(Prediction.V, 0)).isEqualTo(0);
        assertThat(MIN_SNR.weight(Prediction.EPSILON, 1e-12)).isEqualTo(1);
    }

    /** One mistake in x0, written as a mistake in ε and in v, must cost the same under min-SNR. */
    @ParameterizedTest
    @EnumSource
    void theSameMistakeCostsTheSameInEveryPrediction(Prediction prediction) {
        NoiseSchedule schedule = NoiseSchedule.cosine(1000);
        Tensor x0 = Rng.of(1).normal(Shape.of(1, 50)).to(DType.FLOAT64);
        Tensor eps = Rng.of(2).normal(Shape.of(1, 50)).to(DType.FLOAT64);
        Tensor mistaken =
                x0.add(Rng.of(3).normal(Shape.of(1, 50)).to(DType.FLOAT64).mul(0.1));
        for (int t : new int[] {5, 300, 700, 990}) {
            GaussianDiffusion diffusion = new GaussianDiffusion(schedule, prediction);
            double alphaCumprod = schedule.alphasCumprod(t);
            Denoiser network = (x, time, c) -> Prediction.X0.to(prediction, mistaken, x, alphaCumprod);
            Tensor loss = new DenoisingLoss(diffusion, MIN_SNR)
                    .at(network, x0, Condition.none(), Tensor.of(new int[] {t}, 1), eps);

            double inX0 = mistaken.sub(x0).square().mean().item();
            assertThat(loss.item()).isCloseTo(Math.min(schedule.snr(t), 5) * inX0, within(1e-9));
        }
    }

    @Test
    void simpleWeightsAreOne() {
        assertThat(LossWeighting.simple().weight(Prediction.V, 1e9)).isEqualTo(1);
    }

    @Test
    void errorsNameTheNumber() {
        assertThatThrownBy(() -> new LossWeighting.MinSnr(0)).hasMessage("MinSnr: gamma must be > 0, got 0.0");
    }
}
