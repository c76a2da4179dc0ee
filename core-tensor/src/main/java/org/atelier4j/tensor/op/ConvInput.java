package org.atelier4j.tensor.op;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.BinaryOp;
import org.atelier4j.tensor.kernel.Convolution;
import org.atelier4j.tensor.kernel.Kernels;

/**
 * The adjoint of {@link Conv} in x, {@code dx = Wᵀdy}; as a forward function it is the transposed convolution.
 *
 * @param target shape of dx (B, spatial…, C)
 */
public record ConvInput(Convolution geometry, Shape target) implements BinaryOp {

    @Override
    public Tensor forward(Kernels kernels, Tensor dy, Tensor w) {
        Check.that(
                dy.dtype() == w.dtype(), "convTranspose: dtypes must be equal, got %s and %s", dy.dtype(), w.dtype());
        Shape expected = Conv.resultShape(geometry, target, w.shape());
        Check.shape(
                dy.shape().equals(expected),
                "convTranspose: input must have shape %s to give %s with weight %s, got %s",
                expected,
                target,
                w.shape(),
                dy.shape());
        Tensor dx = Tensor.empty(target, dy.dtype(), dy.device());
        kernels.convBackwardInput(geometry, dy, w, dx);
        return dx;
    }

    @Override
    public Tensor backwardLeft(Tensor dy, Tensor w, Tensor dx, Tensor cotangent) {
        return new Conv(geometry).apply(cotangent, w);
    }

    @Override
    public Tensor backwardRight(Tensor dy, Tensor w, Tensor dx, Tensor cotangent) {
        return new ConvWeight(geometry, w.shape()).apply(cotangent, dy);
    }
}
