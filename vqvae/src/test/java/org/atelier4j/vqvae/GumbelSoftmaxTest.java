package org.atelier4j.vqvae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.GradientCheck;
import org.atelier4j.tensor.autograd.Gradients;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GumbelSoftmaxTest {
    private static final int DRAWS = 400_000;

    private final TensorScope scope = TensorScope.open();

    @AfterEach
    void release() {
        scope.close();
    }

    @Test
    void asTheTemperatureFallsTheWeightsBecomeTheOneHotVectorOfTheLargest() {
        Tensor logits = Rng.of(1).normal(Shape.of(50, 7));
        Tensor noise = Rng.of(2).gumbel(Shape.of(50, 7));
        Tensor largest = logits.add(noise).argMax(-1); // (50, 1)

        Tensor cold = GumbelSoftmax.soft(logits, noise, 1e-4);
        Tensor warm = GumbelSoftmax.soft(logits, noise, 1);

        Tensor oneHot = largest.equal(Tensor.arange(7)).to(DType.FLOAT32);
        TensorAssert.assertThat(cold).isCloseTo(oneHot, 0, 1e-6);
        assertThat(warm.sub(oneHot).abs().max().item()).isGreaterThan(0.3);
    }

    /** In one operation or in many: the same bits, the same place in the stream afterwards, the same gradient. */
    @Test
    void aChoiceOfTheStreamIsTheSoftOneOfItsNoise() {
        Tensor logits = Rng.of(1).normal(Shape.of(2, 25, 7)).requireGradient();
        Tensor dy = Rng.of(5).normal(Shape.of(2, 25, 7));
        Rng apart = Rng.of(2);
        Rng fused = Rng.of(2);

        Tensor expected = GumbelSoftmax.soft(logits, apart.gumbel(logits.shape()), 0.3);
        Rng.Choice choice = fused.gumbelSoftmax(logits, 0.3);

        TensorAssert.assertThat(choice.weights().detach()).isIdenticalTo(expected.detach());
        TensorAssert.assertThat(choice.largest())
                .isIdenticalTo(expected.detach().argMax(-1).reshape(2, 25));
        assertThat(fused.position()).isEqualTo(apart.position());
        Tensor gradient =
                Gradients.ofProduct(expected, dy, List.of(logits), false).get(logits);
        TensorAssert.assertThat(Gradients.ofProduct(choice.weights(), dy, List.of(logits), false)
                        .get(logits))
                .isIdenticalTo(gradient);
    }

    @Test
    void hardIsExactlyOneHotAndItsGradientIsThatOfTheWeights() {
        Tensor logits = Rng.of(3).normal(Shape.of(20, 5)).requireGradient();
        Tensor noise = Rng.of(4).gumbel(Shape.of(20, 5));
        Tensor dy = Rng.of(5).normal(Shape.of(20, 5));

        Tensor soft = GumbelSoftmax.soft(logits, noise, 0.7);
        Tensor hard = GumbelSoftmax.hard(soft);

        for (float value : hard.toFloats()) {
            assertThat(value).isIn(0f, 1f);
        }
        assertThat(hard.sum(-1).toFloats()).containsOnly(1f);
        Tensor expected = Gradients.ofProduct(soft, dy, List.of(logits), false).get(logits);
        TensorAssert.assertThat(
                        Gradients.ofProduct(hard, dy, List.of(logits), false).get(logits))
                .isIdenticalTo(expected);
    }

    @Test
    void classesAreDrawnWithTheProbabilitiesThatTheLogitsGiveThem() {
        double[] p = {0.5, 0.3, 0.15, 0.05};
        Tensor logits = Tensor.of(new float[] {log(p[0]), log(p[1]), log(p[2]), log(p[3])}, 1, 4);
        Tensor noise = Rng.of(6).gumbel(Shape.of(DRAWS, 4));

        Tensor drawn = GumbelSoftmax.hard(GumbelSoftmax.soft(logits.broadcastTo(noise.shape()), noise, 1));

        double[] frequency = drawn.mean(0).toDoubles();
        for (int k = 0; k < 4; k++) {
            double error = Math.sqrt(p[k] * (1 - p[k]) / DRAWS);
            assertThat(frequency[k]).as("class %d", k).isCloseTo(p[k], within(5 * error));
        }
    }

    /**
     * With two classes the difference of the noises is logistic, so the expectation of f(y) is one integral: its derivative
     * by quadrature is the reference for the mean of sampled gradients.
     */
    @ParameterizedTest
    @ValueSource(doubles = {0.3, 1, 2})
    void theMeanOfSampledGradientsIsTheDerivativeOfTheExpectation(double temperature) {
        double d = 0.8; // difference of the logits
        double reference = 0;
        double width = 1e-3;
        for (double l = -40; l < 40; l += width) {
            double density = 1 / Math.pow(Math.exp(l / 2) + Math.exp(-l / 2), 2);
            double y = 1 / (1 + Math.exp(-(d + l) / temperature));
            reference += 3 * y * y * y * (1 - y) / temperature * density * width; // f(y) = y³
        }

        Tensor row = Tensor.of(new float[] {(float) d, 0}, 1, 2);
        Tensor logits = row.broadcastTo(Shape.of(DRAWS, 2)).detach().requireGradient();
        Tensor y = GumbelSoftmax.soft(logits, Rng.of(7).gumbel(logits.shape()), temperature);
        Tensor f = y.slice(1, 0, 1).pow(3).sum();
        Tensor samples = f.backward().get(logits).slice(1, 0, 1);

        double error = samples.variance().sqrt().item() / Math.sqrt(DRAWS);
        assertThat(samples.mean().item()).isCloseTo(reference, within(5 * error));
        assertThat(error).isLessThan(0.02 * reference); // tight enough to tell
    }

    /** For a linear loss of the drawn class the true gradient is {@code π_k (c_k − Σ π c)}; low temperatures come near it. */
    @Test
    void straightThroughGradientsApproachThoseOfTheDiscreteExpectation() {
        double[] c = {1, -2, 0.5};
        Tensor row = Tensor.of(new float[] {0.2f, -0.3f, 0.7f}, 1, 3);
        double[] p = row.softmax(-1).toDoubles();
        double mean = p[0] * c[0] + p[1] * c[1] + p[2] * c[2];

        double[] cold = meanStraightThrough(row, c, 0.1);
        double[] warm = meanStraightThrough(row, c, 2);

        double coldError = 0;
        double warmError = 0;
        for (int k = 0; k < 3; k++) {
            double truth = p[k] * (c[k] - mean);
            coldError = Math.max(coldError, Math.abs(cold[k] - truth));
            warmError = Math.max(warmError, Math.abs(warm[k] - truth));
        }
        assertThat(coldError).isLessThan(0.02);
        assertThat(warmError).isGreaterThan(0.1); // the control: bias grows with the temperature
    }

    private static double[] meanStraightThrough(Tensor row, double[] c, double temperature) {
        Tensor logits = row.broadcastTo(Shape.of(DRAWS, 3)).detach().requireGradient();
        Tensor soft = GumbelSoftmax.soft(logits, Rng.of(8).gumbel(logits.shape()), temperature);
        Tensor loss = GumbelSoftmax.hard(soft)
                .mul(Tensor.of(c, 1, 3).to(DType.FLOAT32))
                .sum();
        return loss.backward().get(logits).mean(0).toDoubles();
    }

    @Test
    void theDivergenceIsZeroForEvenLogitsAndLogKForSureOnes() {
        Tensor even = Tensor.full(3, DType.FLOAT64, Shape.of(4, 8));
        Tensor sure = Tensor.eye(8).to(DType.FLOAT64).mul(1000);

        assertThat(GumbelSoftmax.divergenceFromUniform(even).item()).isCloseTo(0, within(1e-12));
        assertThat(GumbelSoftmax.divergenceFromUniform(sure).item()).isCloseTo(Math.log(8), within(1e-12));
    }

    @Test
    void theImbalanceIsZeroWhereAllClassesAreTakenEquallyOftenAndLogKWhereOneIsAlwaysTaken() {
        Tensor sure = Tensor.eye(8).to(DType.FLOAT64).mul(1000); // each row another class
        Tensor same = sure.slice(0, 3, 1).broadcastTo(Shape.of(5, 8));

        assertThat(GumbelSoftmax.imbalance(sure).item()).isCloseTo(0, within(1e-7));
        assertThat(GumbelSoftmax.imbalance(same).item()).isCloseTo(Math.log(8), within(1e-7));
        assertThat(GumbelSoftmax.divergenceFromUniform(sure).item())
                .isCloseTo(Math.log(8), within(1e-12)); // the control
    }

    @Test
    void allGradientsAreRight() {
        Tensor logits = Rng.of(9).normal(Shape.of(3, 4)).to(DType.FLOAT64);
        Tensor noise = Rng.of(10).gumbel(Shape.of(3, 4)).to(DType.FLOAT64);

        GradientCheck.of(x -> GumbelSoftmax.soft(x[0], noise, 0.5)).at(logits);
        GradientCheck.of(x -> GumbelSoftmax.divergenceFromUniform(x[0])).at(logits);
        GradientCheck.of(x -> GumbelSoftmax.imbalance(x[0])).at(logits);
    }

    @Test
    void messagesSayWhatMustHold() {
        Tensor x = Tensor.zeros(2, 3);
        assertThatThrownBy(() -> Rng.of(1).gumbelSoftmax(Tensor.zeros(2, 3), 0))
                .hasMessage("gumbelSoftmax: temperature must be positive and finite, got 0.0");
        assertThatThrownBy(() -> GumbelSoftmax.soft(x, x, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("GumbelSoftmax: temperature must be > 0, got 0.0");
        assertThatThrownBy(() -> GumbelSoftmax.soft(x, Tensor.zeros(3, 2), 1))
                .hasMessage("GumbelSoftmax: noise must have the logits' shape [2, 3], got [3, 2]");
    }

    private static float log(double p) {
        return (float) Math.log(p);
    }
}
