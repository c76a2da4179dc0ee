package org.atelier4j.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.junit.jupiter.api.Test;

class RectifiedFlowTest {
    private static final RectifiedFlow FLOW = new RectifiedFlow();

    @Test
    void pathsAreStraightFromDataToNoise() {
        Tensor x0 = Rng.of(1).normal(Shape.of(3, 4));
        Tensor eps = Rng.of(2).normal(Shape.of(3, 4));
        Tensor x = FLOW.interpolate(x0, eps, Tensor.of(new double[] {0, 0.25, 1}, 3));

        TensorAssert.assertThat(x.slice(0, 0, 1)).isCloseTo(x0.slice(0, 0, 1), 1e-6, 1e-7);
        TensorAssert.assertThat(x.slice(0, 1, 1))
                .isCloseTo(x0.slice(0, 1, 1).mul(0.75).add(eps.slice(0, 1, 1).mul(0.25)), 1e-6, 1e-7);
        TensorAssert.assertThat(x.slice(0, 2, 1)).isCloseTo(eps.slice(0, 2, 1), 1e-6, 1e-7);
    }

    @Test
    void theTargetIsTheDerivativeOfThePath() {
        Tensor x0 = Rng.of(1).normal(Shape.of(2, 4)).to(DType.FLOAT64);
        Tensor eps = Rng.of(2).normal(Shape.of(2, 4)).to(DType.FLOAT64);
        double h = 1e-5;
        Tensor slope = FLOW.interpolate(x0, eps, Tensor.of(new double[] {0.4 + h, 0.9 + h}, 2))
                .sub(FLOW.interpolate(x0, eps, Tensor.of(new double[] {0.4, 0.9}, 2)))
                .div(h);

        double loss = FLOW.at((x, t, c) -> slope, x0, Condition.none(), Tensor.of(new double[] {0.4, 0.9}, 2), eps)
                .item();

        assertThat(loss).isCloseTo(0, within(1e-18));
    }

    @Test
    void theNetworkIsToldAThousandTimesT() {
        Tensor x0 = Tensor.zeros(2, 1);
        double[][] told = new double[1][];
        FLOW.at(
                (x, t, c) -> {
                    told[0] = t.toDoubles();
                    return x;
                },
                x0,
                Condition.none(),
                Tensor.of(new double[] {0.25, 1}, 2),
                x0);

        assertThat(told[0]).containsExactly(250, 1000);
    }

    @Test
    void uniformTimesFillTheIntervalAndLogitNormalOnesTheMiddle() {
        double[] uniform =
                new RectifiedFlow.Times.Uniform().draw(50_000, Rng.of(1)).toDoubles();
        double[] middle = new RectifiedFlow.Times.LogitNormal(0, 1)
                .draw(50_000, Rng.of(1))
                .toDoubles();

        assertThat(Arrays.stream(uniform).average().getAsDouble()).isCloseTo(0.5, within(0.006));
        assertThat(share(uniform, 0.25, 0.75)).isCloseTo(0.5, within(0.01));
        // t in (¼, ¾) is |u| < ln 3, which has probability 0.7280 under the normal law
        assertThat(share(middle, 0.25, 0.75)).isCloseTo(0.7280, within(0.01));
        assertThat(share(
                        new RectifiedFlow.Times.LogitNormal(1, 0.5)
                                .draw(50_000, Rng.of(1))
                                .toDoubles(),
                        0.5,
                        1))
                .isCloseTo(0.97725, within(0.01));
    }

    /** For Gaussian data the best velocity is E[ε − x0 | x_t]: no other field has a smaller loss. */
    @Test
    void theExactFieldHasTheLeastLoss() {
        Tensor x0 = GaussianWorld.data(50_000, Rng.of(4));
        Tensor eps = Rng.of(5).normal(x0.shape());
        Tensor t = Tensor.of(new double[] {0.6}, 1);
        Denoiser exact = (x, time, c) -> GaussianWorld.velocity().denoise(x, time.div(1000), c);

        double best = FLOW.at(exact, x0, Condition.none(), t, eps).item();

        for (double shift : new double[] {-0.05, 0.05}) {
            Denoiser shifted = (x, time, c) -> exact.denoise(x, time, c).add(shift);
            Denoiser scaled = (x, time, c) -> exact.denoise(x, time, c).mul(1 + shift);
            assertThat(FLOW.at(shifted, x0, Condition.none(), t, eps).item()).isGreaterThan(best);
            assertThat(FLOW.at(scaled, x0, Condition.none(), t, eps).item()).isGreaterThan(best);
        }
    }

    @Test
    void errorsNameTheNumbers() {
        assertThatThrownBy(() -> new RectifiedFlow.Times.LogitNormal(0, 0))
                .hasMessage("LogitNormal: std must be > 0, got 0.0");
    }

    private static double share(double[] values, double low, double high) {
        return Arrays.stream(values).filter(v -> v > low && v < high).count() / (double) values.length;
    }
}
