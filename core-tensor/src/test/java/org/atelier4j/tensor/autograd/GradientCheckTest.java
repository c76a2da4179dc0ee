package org.atelier4j.tensor.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Kernels;
import org.junit.jupiter.api.Test;

/** The check passes what is right and names what is wrong. */
class GradientCheckTest {
    private final Tensor x = Tensor.of(new double[] {0.5, -1, 2, 3}, 2, 2);

    /** x³ with a derivative of choice. */
    private record Cube(TensorFunction derivative) implements UnaryOp {
        @Override
        public Tensor forward(Kernels kernels, Tensor x) {
            return x.pow(3);
        }

        @Override
        public Tensor backward(Tensor x, Tensor y, Tensor dy) {
            return dy.mul(derivative.apply(x));
        }
    }

    @Test
    void aRightDerivativePasses() {
        GradientCheck.Report report = GradientCheck.of(
                        in -> new Cube(at -> at[0].square().mul(3)).apply(in))
                .secondOrder()
                .at(x);
        assertThat(report.excess()).isLessThan(0.1);
    }

    @Test
    void aWrongDerivativeIsReportedWithItsPlaceAndBothValues() {
        Tensor wrongAtOne = Tensor.of(new double[] {1, 1, 1.01, 1}, 2, 2);
        assertThatThrownBy(() -> GradientCheck.of(
                                in -> new Cube(at -> at[0].square().mul(3).mul(wrongAtOne)).apply(in))
                        .at(x))
                .isInstanceOf(AssertionError.class)
                .hasMessageStartingWith("gradient check: order 1, input 0, element 2: analytic ");
    }

    @Test
    void aWrongSecondDerivativeIsFoundThoughTheFirstIsRight() {
        TensorFunction constant = at -> at[0].square().mul(3).detach(); // right value, but not differentiable again
        GradientCheck check = GradientCheck.of(in -> new Cube(constant).apply(in));
        assertThat(check.at(x).excess()).isLessThan(1);
        assertThatThrownBy(() -> check.secondOrder().at(x))
                .isInstanceOf(AssertionError.class)
                .hasMessageStartingWith("gradient check: order 2, input 0, element 0: analytic 0");
    }

    @Test
    void aFusedRuleThatDisagreesWithTheRecordedOneIsFound() {
        TensorFunction fused = at -> at[0].square().mul(NoGrad.isActive() ? 3 * (1 + 1e-7) : 3);
        assertThatThrownBy(
                        () -> GradientCheck.of(in -> new Cube(fused).apply(in)).at(x))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("the unrecorded backward pass gives");
    }

    @Test
    void aMissingGradientCountsAsZero() {
        assertThatThrownBy(() -> GradientCheck.of(in -> in[0].detach().square()).at(x))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("analytic 0");
    }

    @Test
    void notANumberNeverPasses() {
        assertThatThrownBy(() -> GradientCheck.of(in -> new Cube(at -> at[0].log()).apply(in))
                        .at(x))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("NaN");
    }

    @Test
    void eachElementOfTheResultIsSeen() {
        Tensor onlyFirst = Tensor.of(new double[] {1, 0, 0, 0}, 2, 2);
        record Lossy(Tensor mask) implements UnaryOp {
            @Override
            public Tensor forward(Kernels kernels, Tensor x) {
                return x.mul(2);
            }

            @Override
            public Tensor backward(Tensor x, Tensor y, Tensor dy) {
                return dy.mul(mask).mul(2);
            }
        }
        assertThatThrownBy(() ->
                        GradientCheck.of(in -> new Lossy(onlyFirst).apply(in)).at(x))
                .hasMessageContaining("element 1");
    }

    @Test
    void settingsAndInputsAreTaken() {
        TensorFunction f = in -> in[0].sin();
        assertThat(GradientCheck.of(f)
                        .with(Rng.of(3))
                        .with(1e-5, 1e-6, 1e-8)
                        .at(x)
                        .excess())
                .isLessThan(1);
        assertThatThrownBy(() -> GradientCheck.of(f).at(Tensor.ones(2)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("gradient check: floating inputs must be FLOAT64, got FLOAT32");
    }
}
