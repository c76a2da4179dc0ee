package org.atelier4j.tensor.kernel.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.assertj.core.data.Offset;
import org.assertj.core.data.Percentage;
import org.atelier4j.nn.Gate;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.ShapeException;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.autograd.Gradients;
import org.atelier4j.tensor.kernel.GateKernels;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The fused gate against its equation, in float64 and in functions one by one. */
class GateTest {
    private final Rng rng = Rng.of(11);

    @BeforeEach
    void isFused() {
        Tensor x = Tensor.zeros(1, 1, 2);
        Assumptions.assumeTrue(
                x.device().kernels() instanceof GateKernels fused && fused.takesGate(x),
                "skipped: this provider has no gate of its own");
    }

    /** Sizes: one number, odd ones, rows that fill tiles and do not, a row longer than a tile, many images. */
    @ParameterizedTest
    @CsvSource({"1,1,1,1", "3,5,1,7", "2,28,28,32", "2,11,13,33", "1,2,1,3000", "40,3,3,8"})
    void agreesWithTheEquationWithAndWithoutShift(int batch, int height, int width, int channels) {
        Tensor x = rng.normal(Shape.of(batch, height, width, 2 * channels)).mul(3);
        Tensor shift = rng.normal(Shape.of(batch, 2 * channels));
        Tensor dy = rng.normal(Shape.of(batch, height, width, channels));
        check(dy, x);
        check(dy, x, shift);
    }

    private static void check(Tensor dy, Tensor... inputs) {
        Tensor[] fast = leaves(DType.FLOAT32, inputs);
        Tensor[] exact = leaves(DType.FLOAT64, inputs);
        Tensor y = gate(fast);
        Tensor expected = equation(exact);
        TensorAssert.assertThat(y).isCloseTo(expected.to(DType.FLOAT32), 1e-6, 1e-6);

        Gradients g = Gradients.ofProduct(y, dy, List.of(fast), false);
        Gradients e = Gradients.ofProduct(expected, dy.to(DType.FLOAT64), List.of(exact), false);
        for (int i = 0; i < inputs.length; i++) {
            TensorAssert.assertThat(g.get(fast[i])).isCloseTo(e.get(exact[i]).to(DType.FLOAT32), 1e-5, 1e-5);
        }
    }

    private static Tensor[] leaves(DType dtype, Tensor... inputs) {
        return java.util.Arrays.stream(inputs)
                .map(x -> x.to(dtype).requireGradient())
                .toArray(Tensor[]::new);
    }

    private static Tensor gate(Tensor... inputs) {
        return inputs.length == 1 ? Gate.of(inputs[0]) : Gate.of(inputs[0], inputs[1]);
    }

    /** {@code tanh(a + s) ⊙ σ(b + t)}. */
    private static Tensor equation(Tensor... inputs) {
        Tensor x = inputs[0];
        int c = x.dim(-1) / 2;
        Tensor z = inputs.length == 1 ? x : x.add(inputs[1].reshape(x.dim(0), 1, 1, 2 * c));
        return z.slice(-1, 0, c).tanh().mul(z.slice(-1, c, c).sigmoid());
    }

    @Test
    void keepsSmallNumbersSaturatesAndPassesNaNOn() {
        float[] a = {1e-30f, -1e-6f, 40, -1e30f, Float.POSITIVE_INFINITY, Float.NaN, 0};
        float[] b = {0, 0, 40, 0, Float.NEGATIVE_INFINITY, 0, Float.NaN};
        float[] y = Gate.of(Tensor.of(a, 1, 7).concat(Tensor.of(b, 1, 7), 1)).toFloats();
        assertThat(y[0]).isCloseTo(0.5e-30f, Percentage.withPercentage(1e-4));
        assertThat(y[1]).isCloseTo(-0.5e-6f, Percentage.withPercentage(1e-4));
        assertThat(y[2]).isCloseTo(1, Offset.offset(1e-6f));
        assertThat(y[3]).isCloseTo(-0.5f, Offset.offset(1e-6f));
        assertThat(y[4]).isCloseTo(0, Offset.offset(1e-6f));
        assertThat(y[5]).isNaN();
        assertThat(y[6]).isNaN();
    }

    /** Each factor by itself, from shut to open: the other one is tanh(40) or σ(0). */
    @Test
    void bothFactorsAreWithinTheirErrorEverywhere() {
        int n = 4001;
        float[] z = new float[n];
        float[] open = new float[n];
        for (int i = 0; i < n; i++) {
            z[i] = (i - 2000) * 0.01f;
            open[i] = 40;
        }
        Tensor range = Tensor.of(z, 1, n);
        float[] u = Gate.of(range.concat(Tensor.zeros(1, n), 1)).toFloats(); // tanh(z)/2
        float[] g = Gate.of(Tensor.of(open, 1, n).concat(range, 1)).toFloats(); // σ(z)
        for (int i = 0; i < n; i++) {
            assertThat(2.0 * u[i]).as("tanh(%s)", z[i]).isCloseTo(Math.tanh(z[i]), Offset.offset(5e-7));
            assertThat((double) g[i]).as("sigmoid(%s)", z[i]).isCloseTo(1 / (1 + Math.exp(-z[i])), Offset.offset(5e-7));
        }
    }

    @Test
    void saysWhatMustHold() {
        assertThatThrownBy(() -> Gate.of(Tensor.zeros(2, 3)))
                .isInstanceOf(ShapeException.class)
                .hasMessage("gate: x must have shape (B, spatial…, 2C) with an even last axis, got [2, 3]");
        assertThatThrownBy(() -> Gate.of(Tensor.zeros(2, 5, 6), Tensor.zeros(6)))
                .isInstanceOf(ShapeException.class)
                .hasMessage("gate: shift must have shape [2, 6] for x of shape [2, 5, 6], got [6]");
    }
}
