package org.atelier4j.tensor.op;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Expression;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.NoGrad;
import org.atelier4j.tensor.autograd.UnaryOp;
import org.atelier4j.tensor.kernel.Kernels;
import org.atelier4j.tensor.kernel.Unary;

/** {@code y_i = f(x_i)}; hence {@code dx = dy ⊙ f'(x)}. */
public record Pointwise(Unary f) implements UnaryOp {

    @Override
    public String name() {
        return f.function().name().toLowerCase(java.util.Locale.ROOT);
    }

    @Override
    public Tensor forward(Kernels kernels, Tensor x) {
        Check.that(x.dtype().isFloating(), "%s: dtype must be floating, got %s", name(), x.dtype());
        Tensor y = Tensor.empty(x.shape(), x.dtype(), x.device());
        kernels.unary(f, x, y);
        return y;
    }

    @Override
    public Tensor backward(Tensor x, Tensor y, Tensor dy) {
        if (f.function() == Unary.Function.AFFINE) {
            return dy.mul(f.a());
        }
        if (!NoGrad.isActive()) {
            Expression slope = f.derivative(Expression.of(x), Expression.of(y));
            return Expression.of(dy).mul(slope).tensor();
        }
        Tensor dx = Tensor.empty(x.shape(), x.dtype(), x.device());
        x.device().kernels().unaryBackward(f, x, y, dy, dx);
        return dx;
    }
}
