package org.atelier4j.tensor.op;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.BinaryOp;
import org.atelier4j.tensor.kernel.Binary;
import org.atelier4j.tensor.kernel.Kernels;

/**
 * {@code y_i = f(a_i, b_i)} with broadcasting; the partial derivatives stand in the two switches below.
 *
 * <p>At awkward points they are those of PyTorch: {@code ∂(a⁰)/∂a = 0} and, for a = 0 and b ≥ 0, {@code ∂(aᵇ)/∂b = 0}.
 */
public record Arithmetic(Binary f) implements BinaryOp {

    @Override
    public String name() {
        return f.word();
    }

    @Override
    public Tensor forward(Kernels kernels, Tensor a, Tensor b) {
        Check.that(
                a.dtype() == b.dtype(),
                "%s: dtypes must be equal, got %s and %s for shapes %s and %s",
                name(),
                a.dtype(),
                b.dtype(),
                a.shape(),
                b.shape());
        Shape shape = Shape.broadcast(name(), a.shape(), b.shape());
        Tensor y = Tensor.empty(shape, f.isComparison() ? DType.BOOL : a.dtype(), a.device());
        kernels.binary(f, a, b, y);
        return y;
    }

    @Override
    public Tensor backwardLeft(Tensor a, Tensor b, Tensor y, Tensor dy) {
        return switch (f) {
            case ADD, SUB -> dy;
            case MUL -> dy.mul(b);
            case DIV -> dy.div(b);
            case POW -> dy.mul(b).mul(oneWhere(a.abs().add(b.abs()).equal(0), a).pow(b.sub(1)));
            case MAX -> dy.mul(share(b, a));
            case MIN -> dy.mul(share(a, b));
            case EQUAL, LESS, LESS_EQUAL -> throw new IllegalStateException(name() + ": has no gradient");
        };
    }

    @Override
    public Tensor backwardRight(Tensor a, Tensor b, Tensor y, Tensor dy) {
        return switch (f) {
            case ADD -> dy;
            case SUB -> dy.neg();
            case MUL -> dy.mul(a);
            case DIV -> dy.mul(y).div(b).neg();
            case POW -> dy.mul(y).mul(oneWhere(a.equal(0), a).log());
            case MAX -> dy.mul(share(a, b));
            case MIN -> dy.mul(share(b, a));
            case EQUAL, LESS, LESS_EQUAL -> throw new IllegalStateException(name() + ": has no gradient");
        };
    }

    /** Keeps {@code 0·0⁻¹} and {@code 0·log 0}, which stand for 0, from becoming NaN; derivatives of them included. */
    private static Tensor oneWhere(Tensor condition, Tensor a) {
        return Tensor.where(condition, Tensor.full(1, a.dtype(), Shape.scalar()).to(a.device()), a);
    }

    /** Returns 1 where {@code low < high}, ½ where they are equal, else 0. */
    private static Tensor share(Tensor low, Tensor high) {
        Tensor below = low.less(high).to(low.dtype());
        return below.add(low.lessEqual(high).to(low.dtype())).mul(0.5);
    }
}
