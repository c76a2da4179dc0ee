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
import org.junit.jupiter.params.provider.ValueSource;

class EdmPreconditioningTest {
    private static final EdmPreconditioning EDM = EdmPreconditioning.paper();

    @Test
    void theFourFunctionsAreThoseOfTableOne() {
        assertThat(EDM.skip(0.5)).isCloseTo(0.5, within(1e-15));
        assertThat(EDM.skip(2)).isCloseTo(0.25 / 4.25, within(1e-15));
        assertThat(EDM.out(2)).isCloseTo(2 * 0.5 / Math.sqrt(4.25), within(1e-15));
        assertThat(EDM.in(2)).isCloseTo(1 / Math.sqrt(4.25), within(1e-15));
        assertThat(EDM.noise(Math.E)).isCloseTo(0.25, within(1e-15));
        assertThat(EDM.weight(2)).isCloseTo(4.25 / 1, within(1e-15)); // (σ² + σ_d²)/(σ σ_d)² at 2 and ½
    }

    /** What table 1 is derived from: input and target of F have variance 1, and the loss weighs all σ alike. */
    @ParameterizedTest
    @ValueSource(doubles = {0.002, 0.1, 0.5, 3, 80})
    void inputAndTargetHaveUnitVariance(double sigma) {
        int n = 200_000;
        Tensor y = Rng.of(1).normal(Shape.of(1, n)).to(DType.FLOAT64).mul(0.5);
        Tensor x = y.add(Rng.of(2).normal(Shape.of(1, n)).to(DType.FLOAT64).mul(sigma));
        Tensor target = y.sub(x.mul(EDM.skip(sigma))).div(EDM.out(sigma));

        assertThat(x.mul(EDM.in(sigma)).variance().item()).isCloseTo(1, within(0.015));
        assertThat(target.variance().item()).isCloseTo(1, within(0.015));
        assertThat(EDM.weight(sigma) * EDM.out(sigma) * EDM.out(sigma)).isCloseTo(1, within(1e-12));
    }

    @Test
    void theLossIsTheWeightedErrorOfTheDenoiser() {
        Tensor x0 = Rng.of(1).normal(Shape.of(2, 30)).to(DType.FLOAT64).mul(0.5);
        Tensor eps = Rng.of(2).normal(Shape.of(2, 30)).to(DType.FLOAT64);
        Tensor sigma = Tensor.of(new double[] {0.3, 7}, 2);
        Denoiser network = (x, t, c) -> x.sin().add(t.reshape(-1, 1));

        double loss = EDM.at(network, x0, Condition.none(), sigma, eps).item();

        Tensor x = x0.add(eps.mul(sigma.reshape(2, 1)));
        Tensor d = EDM.around(network).denoise(x, sigma, Condition.none());
        double[] errors = d.sub(x0).square().mean(1).toDoubles();
        assertThat(loss).isCloseTo((EDM.weight(0.3) * errors[0] + EDM.weight(7) * errors[1]) / 2, within(1e-10));
    }

    /** What the denoiser tells the network and makes of its answer are the four functions, each by itself. */
    @Test
    void theDenoiserIsMadeOfTheFourFunctions() {
        double[] sigma = {0.002, 0.5, 3, 80};
        Tensor x = Rng.of(1).normal(Shape.of(4, 5)).to(DType.FLOAT64);
        Tensor output = Rng.of(2).normal(Shape.of(4, 5)).to(DType.FLOAT64);
        Tensor[] told = new Tensor[2];
        Denoiser network = (in, time, c) -> {
            told[0] = in;
            told[1] = time;
            return output;
        };

        Tensor d = EDM.around(network).denoise(x, Tensor.of(sigma, 4), Condition.none());

        for (int i = 0; i < 4; i++) {
            double s = sigma[i];
            Tensor own = x.slice(0, i, 1);
            TensorAssert.assertThat(told[0].slice(0, i, 1)).isCloseTo(own.mul(EDM.in(s)), 1e-12, 1e-12);
            assertThat(told[1].toDoubles()[i]).isCloseTo(EDM.noise(s), within(1e-12));
            TensorAssert.assertThat(d.slice(0, i, 1))
                    .isCloseTo(own.mul(EDM.skip(s)).add(output.slice(0, i, 1).mul(EDM.out(s))), 1e-12, 1e-12);
        }
    }

    @Test
    void theDenoiserPassesCleanImagesThroughAtLowNoise() {
        Tensor x = Rng.of(1).normal(Shape.of(2, 3));
        Tensor sigma = Tensor.of(new float[] {1e-6f, 1e-6f}, 2);

        TensorAssert.assertThat(EDM.around((in, t, c) -> in.mul(3)).denoise(x, sigma, Condition.none()))
                .isCloseTo(x, 1e-5, 1e-5);
    }

    @Test
    void trainingLevelsAreLogNormal() {
        double[] sigmas = EDM.drawSigmas(100_000, Rng.of(1)).toDoubles();

        double mean = 0;
        double square = 0;
        for (double s : sigmas) {
            mean += Math.log(s) / sigmas.length;
            square += Math.log(s) * Math.log(s) / sigmas.length;
        }
        assertThat(mean).isCloseTo(-1.2, within(0.015));
        assertThat(Math.sqrt(square - mean * mean)).isCloseTo(1.2, within(0.015));
    }

    @Test
    void lossesOfAStreamRepeat() {
        Tensor x0 = Rng.of(1).normal(Shape.of(4, 3));
        Denoiser network = (x, t, c) -> x;

        double loss = EDM.loss(network, x0, Condition.none(), Rng.of(3)).item();

        assertThat(EDM.loss(network, x0, Condition.none(), Rng.of(3)).item()).isEqualTo(loss);
        assertThat(EDM.loss(network, x0, Condition.none(), Rng.of(4)).item()).isNotEqualTo(loss);
    }

    @Test
    void errorsNameTheNumbers() {
        assertThatThrownBy(() -> new EdmPreconditioning(0, -1.2, 1.2))
                .hasMessage("EdmPreconditioning: sigmaData and logSigmaStd must be > 0, got 0.0 and 1.2");
    }
}
