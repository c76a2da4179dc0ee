package org.atelier4j.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.function.Function;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.ShapeException;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InitTest {
    private static final Shape CONV = Shape.of(64, 32, 3, 3); // fan-in 288, fan-out 576

    @ParameterizedTest
    @CsvSource({"8, 8", "5, 12", "12, 5", "1, 7", "40, 40"})
    void orthogonalRowsOrColumnsAreOrthonormal(int rows, int columns) {
        Tensor w = Init.orthogonal(1).weight(Shape.of(rows, columns), Rng.of(3));
        Tensor product = rows <= columns ? w.matmul(w, false, true) : w.matmul(w, true, false);
        TensorAssert.assertThat(product).isCloseTo(Tensor.eye(Math.min(rows, columns)), 0, 1e-6);
    }

    @Test
    void orthogonalFlattensKernelsAndScalesByTheGain() {
        Tensor w = Init.orthogonal(2).weight(Shape.of(6, 2, 3, 3), Rng.of(3)).reshape(6, 18);
        TensorAssert.assertThat(w.matmul(w, false, true))
                .isCloseTo(Tensor.eye(6).mul(4), 0, 1e-5);
    }

    @Test
    void orthogonalMatricesAreUniformlyDistributed() {
        double sum = 0;
        double squares = 0;
        int n = 2000;
        for (int i = 0; i < n; i++) { // the first entry of a uniform orthogonal (3, 3): mean 0, variance 1/3
            double w = Init.orthogonal(1).weight(Shape.of(3, 3), Rng.of(i)).toFloats()[0];
            sum += w;
            squares += w * w;
        }
        assertThat(sum / n).isCloseTo(0, within(0.05));
        assertThat(squares / n).isCloseTo(1 / 3.0, within(0.03));
    }

    @Test
    void standardIsPyTorchsUniformLaw() {
        double bound = 1 / Math.sqrt(288);
        checkUniform(rng -> Init.standard().weight(CONV, rng), bound);
        Tensor bias = Init.standard().bias(CONV, 10_000, Rng.of(1));
        TensorAssert.assertThat(bias).hasShape(10_000);
        checkUniform(rng -> bias, bound);
    }

    @Test
    void uniformLawsHaveTheirBounds() {
        checkUniform(rng -> Init.kaimingUniform(Math.sqrt(2)).weight(CONV, rng), Math.sqrt(6.0 / 288));
        checkUniform(rng -> Init.xavierUniform(1).weight(CONV, rng), Math.sqrt(6.0 / (288 + 576)));
    }

    @Test
    void normalLawsHaveTheirDeviations() {
        checkNormal(Init.kaimingNormal(Math.sqrt(2)), Math.sqrt(2.0 / 288));
        checkNormal(Init.xavierNormal(1), Math.sqrt(2.0 / (288 + 576)));
        checkNormal(Init.normal(0.02), 0.02);
    }

    @Test
    void truncatedNormalStaysWithinTwoDeviations() {
        Tensor w = Init.truncatedNormal(0.02).weight(CONV, Rng.of(4));
        assertThat(w.abs().max().item()).isBetween(0.038, 0.04 + 1e-8);
        assertThat(Math.sqrt(w.variance().item())).isCloseTo(0.02 * 0.8796, within(2e-4)); // √(1 − 2·2φ(2)/0.9545)
    }

    @Test
    void zerosAreZeroAndBiasesStartAtZeroUnlessStandard() {
        assertThat(Init.zeros().weight(CONV, Rng.of(0)).abs().max().item()).isZero();
        assertThat(Init.normal(1).bias(CONV, 5, Rng.of(0)).toFloats()).containsOnly(0);
        Linear zero = new Linear(Linear.Config.of(3, 2).withInit(Init.zeros()), Rng.of(0));
        assertThat(zero.forward(Tensor.ones(1, 3)).toFloats()).containsOnly(0);
    }

    @Test
    void aVectorHasNoFanIn() {
        assertThatThrownBy(() -> Init.standard().weight(Shape.of(3), Rng.of(0)))
                .isInstanceOf(ShapeException.class)
                .hasMessage("Init: weight must have shape (out, in, kernel…), got [3]");
    }

    private static void checkUniform(Function<Rng, Tensor> law, double bound) {
        Tensor w = law.apply(Rng.of(1));
        assertThat(w.abs().max().item()).isBetween(0.99 * bound, bound);
        assertThat(w.mean().item()).isCloseTo(0, within(0.03 * bound));
        assertThat(w.variance().item()).isCloseTo(bound * bound / 3, within(0.03 * bound * bound));
    }

    private static void checkNormal(Init law, double deviation) {
        Tensor w = law.weight(CONV, Rng.of(2));
        assertThat(w.mean().item()).isCloseTo(0, within(0.03 * deviation));
        assertThat(Math.sqrt(w.variance().item())).isCloseTo(deviation, within(0.02 * deviation));
        assertThat(w.abs().max().item()).isGreaterThan(3 * deviation);
    }
}
