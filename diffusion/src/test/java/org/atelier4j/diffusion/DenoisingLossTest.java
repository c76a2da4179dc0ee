package org.atelier4j.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;

class DenoisingLossTest {
    private static final GaussianDiffusion DIFFUSION =
            new GaussianDiffusion(NoiseSchedule.linear(1000), Prediction.EPSILON);

    @Test
    void theLossIsTheMeanSquareOfWhatIsWrong() {
        Tensor x0 = Rng.of(1).normal(Shape.of(2, 3));
        Tensor eps = Rng.of(2).normal(Shape.of(2, 3));
        DenoisingLoss loss = new DenoisingLoss(DIFFUSION);

        Tensor value = loss.at((x, t, c) -> eps.add(0.5), x0, Condition.none(), Tensor.of(new int[] {3, 900}, 2), eps);

        assertThat(value.rank()).isZero();
        assertThat(value.item()).isCloseTo(0.25, within(1e-6));
    }

    @Test
    void weightsBelongToImages() {
        Tensor x0 = Tensor.zeros(2, 3);
        Tensor eps = Tensor.zeros(2, 3);
        DenoisingLoss loss = new DenoisingLoss(DIFFUSION, LossWeighting.minSnr());
        Tensor wrong = Tensor.of(new float[] {1, 1, 1, 0, 0, 0}, 2, 3);

        Tensor value = loss.at((x, t, c) -> wrong, x0, Condition.none(), Tensor.of(new int[] {0, 999}, 2), eps);

        double snr = DIFFUSION.schedule().snr(0);
        assertThat(value.item()).isCloseTo(5 / snr / 2, within(1e-9)); // half of the elements are wrong by 1
    }

    @Test
    void theNetworkSeesTimesAndNoiseDrawnFromTheStream() {
        int images = 4000;
        Tensor x0 = Tensor.zeros(images, 2);
        double[][] told = new double[1][];
        Tensor[] seen = new Tensor[1];
        Denoiser spy = (x, t, c) -> {
            told[0] = t.toDoubles();
            seen[0] = x;
            return x;
        };

        double first = new DenoisingLoss(DIFFUSION)
                .loss(spy, x0, Condition.none(), Rng.of(3))
                .item();

        assertThat(Arrays.stream(told[0]).min().getAsDouble()).isBetween(0.0, 5.0);
        assertThat(Arrays.stream(told[0]).max().getAsDouble()).isBetween(994.0, 999.0);
        assertThat(Arrays.stream(told[0]).average().getAsDouble()).isCloseTo(499.5, within(15.0));
        double share = 0;
        for (double t : told[0]) {
            share += (1 - DIFFUSION.schedule().alphasCumprod((int) t)) / images;
        }
        assertThat(seen[0].to(DType.FLOAT64).variance().item()).isCloseTo(share, within(0.03));
        assertThat(new DenoisingLoss(DIFFUSION)
                        .loss(spy, x0, Condition.none(), Rng.of(3))
                        .item())
                .isEqualTo(first);
    }

    /** The least loss possible for Gaussian data, E‖ε − E[ε | x_t]‖²/2, is what the perfect network gets. */
    @Test
    void thePerfectNetworkGetsTheLeastPossibleLoss() {
        int t = 400;
        Tensor x0 = GaussianWorld.data(100_000, Rng.of(4));
        Tensor eps = Rng.of(5).normal(x0.shape());
        Tensor loss = new DenoisingLoss(DIFFUSION)
                .at(GaussianWorld.network(DIFFUSION), x0, Condition.none(), Tensor.of(new int[] {t}, 1), eps);

        double a = DIFFUSION.schedule().alphasCumprod(t);
        double s = 1 - a;
        double[] c = GaussianWorld.COVARIANCE;
        // covariance of ε given x_t: I − s (aΣ + sI)⁻¹; half its trace
        double xx = a * c[0] + s;
        double yy = a * c[3] + s;
        double det = xx * yy - a * a * c[1] * c[1];
        assertThat(loss.item()).isCloseTo(1 - s * (xx + yy) / det / 2, within(0.005));
    }
}
