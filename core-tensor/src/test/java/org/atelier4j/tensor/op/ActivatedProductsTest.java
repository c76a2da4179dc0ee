package org.atelier4j.tensor.op;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.autograd.Gradients;
import org.atelier4j.tensor.autograd.NoGrad;
import org.atelier4j.tensor.kernel.Convolution;
import org.atelier4j.tensor.kernel.Unary;
import org.junit.jupiter.api.Test;

/** Products with an activation behind them: one kernel unrecorded, two operations recorded, the same numbers. */
class ActivatedProductsTest {
    private static final List<Unary> FUNCTIONS = List.of(
            Unary.of(Unary.Function.RELU),
            Unary.of(Unary.Function.SILU),
            Unary.of(Unary.Function.GELU),
            Unary.of(Unary.Function.GELU_TANH),
            Unary.of(Unary.Function.TANH),
            Unary.of(Unary.Function.SIGMOID),
            Unary.of(Unary.Function.LEAKY_RELU, 0.2),
            new Unary(Unary.Function.AFFINE, 0.3, -1));

    private final Rng rng = Rng.of(8);

    @Test
    void matrixProducts() {
        Tensor a = rng.normal(Shape.of(2, 5, 7));
        Tensor w = rng.normal(Shape.of(3, 7));
        Tensor bias = rng.normal(Shape.of(3));
        for (Unary f : FUNCTIONS) {
            Tensor expected = new MatMul(false, true).apply(a, w, bias).unary(f);
            TensorAssert.assertThat(MatMul.activated(a, false, w, true, bias, f))
                    .isCloseTo(expected, 1e-5, 1e-5);
            Tensor leaf = w.requireGradient();
            Tensor recorded = MatMul.activated(a, false, leaf, true, bias, f);
            TensorAssert.assertThat(recorded).isCloseTo(expected, 1e-5, 1e-5);
            Gradients g = recorded.sum().backward();
            Tensor separate = new MatMul(false, true).apply(a, leaf, bias).unary(f);
            TensorAssert.assertThat(g.get(leaf))
                    .isCloseTo(separate.sum().backward().get(leaf), 1e-4, 1e-4);
            try (NoGrad off = NoGrad.open()) {
                assertThat(MatMul.activated(a, false, leaf, true, null, f).node())
                        .isNull();
            }
        }
    }

    @Test
    void convolutions() {
        Convolution geometry = Convolution.of2d(1, 1);
        Tensor x = rng.normal(Shape.of(2, 5, 4, 3));
        Tensor w = rng.normal(Shape.of(6, 3, 3, 3));
        Tensor bias = rng.normal(Shape.of(6));
        Tensor residual = rng.normal(Shape.of(2, 5, 4, 6));
        for (Unary f : FUNCTIONS) {
            Tensor plain = new Conv(geometry).apply(x, w, bias, residual).unary(f);
            TensorAssert.assertThat(Conv.activated(geometry, x, w, bias, residual, f))
                    .isCloseTo(plain, 1e-4, 1e-4);
            Tensor leaf = w.requireGradient();
            Tensor recorded = Conv.activated(geometry, x, leaf, bias, residual, f);
            TensorAssert.assertThat(recorded).isCloseTo(plain, 1e-4, 1e-4);
            assertThat(recorded.sum().backward().has(leaf)).isTrue();
            Tensor bare = new Conv(geometry).apply(x, w).unary(f);
            TensorAssert.assertThat(Conv.activated(geometry, x, w, null, null, f))
                    .isCloseTo(bare, 1e-4, 1e-4);
        }
    }
}
