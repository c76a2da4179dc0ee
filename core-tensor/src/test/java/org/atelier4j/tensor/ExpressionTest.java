package org.atelier4j.tensor;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.atelier4j.tensor.TensorAssert.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import org.assertj.core.api.Assertions;
import org.atelier4j.tensor.autograd.Gradients;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ExpressionTest {
    private final Tensor x = Rng.of(1).normal(Shape.of(3, 5, 7));
    private final Tensor y = Rng.of(2).normal(Shape.of(5, 1));
    private final Tensor z = Rng.of(3).normal(Shape.of(3, 5, 7));

    /** {@code max(2x + y, −z)² clamped, / 3 + 0.1 z}, by tensors. */
    private Tensor byOperations(DType dtype) {
        Tensor a = x.to(dtype).mul(2).add(y.to(dtype)).max(z.to(dtype).neg()).square();
        return a.clamp(0.1, 1.5).div(3).add(z.to(dtype).mul(0.1));
    }

    private Expression fused(DType dtype) {
        Expression c = Expression.of(z.to(dtype));
        Expression a = Expression.of(x.to(dtype)).mul(2).add(Expression.of(y.to(dtype)));
        return a.max(c.neg()).square().clamp(0.1, 1.5).div(3).add(c.mul(0.1));
    }

    @Test
    void arithmeticOfFloatsHasTheBitsOfTheOperations() {
        assertThat(fused(DType.FLOAT32).tensor()).isIdenticalTo(byOperations(DType.FLOAT32));
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT64", "BFLOAT16"})
    void otherTypesRoundLess(DType dtype) {
        double tolerance = dtype == DType.FLOAT64 ? 1e-14 : 0x1p-6;
        assertThat(fused(dtype).tensor()).isCloseTo(byOperations(dtype), tolerance, tolerance);
        if (dtype == DType.BFLOAT16) { // rounded once, of exact arithmetic
            Tensor exact = Expression.of(x.to(dtype).to(DType.FLOAT32))
                    .mul(1.3)
                    .add(0.7)
                    .mul(1.7)
                    .tensor();
            assertThat(Expression.of(x.to(dtype)).mul(1.3).add(0.7).mul(1.7).tensor())
                    .isIdenticalTo(exact.to(dtype));
        }
    }

    @Test
    void functionsAreThoseOfTensors() {
        List<Function<Expression, Expression>> fused = List.of(
                Expression::sqrt,
                Expression::reciprocal,
                Expression::exp,
                Expression::sigmoid,
                Expression::tanh,
                Expression::sign,
                Expression::sin,
                Expression::cos,
                Expression::erf,
                e -> e.pow(2.5),
                e -> e.pow(2),
                e -> e.greater(1),
                e -> e.affine(3, -1),
                e -> e.sub(0.3),
                e -> e.min(Expression.constant(0.9)),
                e -> e.sub(Expression.of(x)).div(e),
                e -> e.equal(e));
        List<Function<Tensor, Tensor>> single = List.of(
                Tensor::sqrt,
                Tensor::reciprocal,
                Tensor::exp,
                Tensor::sigmoid,
                Tensor::tanh,
                Tensor::sign,
                Tensor::sin,
                Tensor::cos,
                Tensor::erf,
                t -> t.pow(2.5),
                t -> t.pow(2),
                t -> t.greater(1).to(DType.FLOAT32),
                t -> t.affine(3, -1),
                t -> t.sub(0.3),
                t -> t.min(Tensor.scalar(0.9)),
                t -> t.sub(x).div(t),
                Tensor::onesLike);
        Tensor positive = x.abs().add(0.1);
        for (int i = 0; i < fused.size(); i++) {
            assertThat(fused.get(i).apply(Expression.of(positive)).tensor())
                    .isCloseTo(single.get(i).apply(positive), 2e-6, 1e-6);
        }
    }

    @Test
    void severalResultsOfOnePassShareTheirParts() {
        Expression a = Expression.of(x).mul(0.5);
        Expression b = a.add(Expression.of(z));
        List<Tensor> made =
                Expression.evaluate(b, Expression.of(y), a, b, Expression.of(y).neg());

        assertThat(made.get(0)).isIdenticalTo(x.mul(0.5).add(z));
        Assertions.assertThat(made.get(1)).isSameAs(y); // nothing was done with it
        assertThat(made.get(2)).isIdenticalTo(x.mul(0.5));
        Assertions.assertThat(made.get(3)).isSameAs(made.get(0));
        assertThat(made.get(4)).isIdenticalTo(y.neg()); // of another shape, so by a pass of its own
    }

    @Test
    void gradientsArriveThroughSharedParts() {
        BinaryOperator<Tensor> single = (a, b) -> {
            Tensor s = a.mul(b).tanh();
            return s.mul(a).add(s.div(b.square().add(1)));
        };
        BinaryOperator<Tensor> fused = (a, b) -> {
            Expression e = Expression.of(b);
            Expression s = Expression.of(a).mul(e).tanh();
            return s.mul(Expression.of(a)).add(s.div(e.square().add(1))).tensor();
        };
        List<Tensor[]> gradients = new ArrayList<>();
        for (BinaryOperator<Tensor> f : List.of(single, fused)) {
            Tensor a = x.to(DType.FLOAT64).requireGradient();
            Tensor b = y.to(DType.FLOAT64).requireGradient();
            Gradients g = f.apply(a, b).square().sum().backward();
            gradients.add(new Tensor[] {g.get(a), g.get(b)});
        }
        for (int i = 0; i < 2; i++) {
            assertThat(gradients.get(1)[i]).isCloseTo(gradients.get(0)[i], 1e-12, 1e-12);
        }
    }

    @Test
    void recordedResultsOfSeveralAreEachDifferentiable() {
        Tensor leaf = x.requireGradient();
        Expression a = Expression.of(leaf).mul(3);
        List<Tensor> made = Expression.evaluate(a, a.square());

        assertThat(made.get(0).sum().backward().get(leaf))
                .isEqualTo(Tensor.onesLike(x).mul(3));
        assertThat(made.get(1).sum().backward().get(leaf)).isCloseTo(x.mul(18), 1e-6, 1e-6);
    }

    /** More derivatives than one formula may have results. */
    @Test
    void manyTensorsAreDifferentiatedToo() {
        Tensor[] leaves = new Tensor[12];
        Arrays.setAll(leaves, i -> Tensor.scalar(i + 1).requireGradient());
        Expression sum = Arrays.stream(leaves)
                .map(Expression::of)
                .map(Expression::square)
                .reduce(Expression::add)
                .orElseThrow();
        Gradients gradients = sum.tensor().backward();

        for (int i = 0; i < leaves.length; i++) {
            assertThat(gradients.get(leaves[i])).hasValues(2 * (i + 1));
        }
    }

    @Test
    void resultsOfSeveralKeepTheirTypes() {
        List<Tensor> made = Expression.evaluate(
                Expression.of(x).mul(3), Expression.of(x.to(DType.FLOAT64)).mul(3));

        assertThat(made.get(0)).isEqualTo(x.mul(3));
        assertThat(made.get(1)).isEqualTo(x.to(DType.FLOAT64).mul(3));
    }

    @Test
    void emptyTensorsAndScalars() {
        assertThat(Expression.of(Tensor.zeros(0, 3))
                        .mul(2)
                        .add(Expression.of(Tensor.zeros(3)))
                        .tensor())
                .hasShape(0, 3);
        assertThat(Expression.of(Tensor.scalar(3)).mul(2).tensor()).hasShape().hasValues(6);
    }

    @Test
    void errorsSayWhatMustHold() {
        assertThatThrownBy(() -> Expression.of(Tensor.arange(3)))
                .hasMessage("Expression: dtype must be floating, got INT32");
        assertThatThrownBy(() -> Expression.constant(1).add(2).tensor())
                .hasMessage("Expression: there must be a tensor in it, got numbers only");
        assertThatThrownBy(() -> Expression.of(x).add(Expression.of(y.to(DType.FLOAT64))))
                .hasMessageContaining(
                        "add: tensors must be of one element type and device, got FLOAT32 on cpu and FLOAT64");
        assertThatThrownBy(() -> Expression.of(x).add(Expression.of(Tensor.zeros(4))))
                .isInstanceOf(ShapeException.class);
        Expression[] many = new Expression[21];
        Arrays.setAll(many, i -> Expression.of(Tensor.scalar(i)));
        Expression sum = Arrays.stream(many).reduce(Expression::add).orElseThrow();
        assertThatThrownBy(sum::tensor)
                .hasMessage("Formula: there must be 1 to 20 tensors and at most 128 numbers, got 21 and 0");
    }
}
