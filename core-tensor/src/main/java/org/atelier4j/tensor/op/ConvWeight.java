package org.atelier4j.tensor.op;

import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.BinaryOp;
import org.atelier4j.tensor.kernel.Convolution;
import org.atelier4j.tensor.kernel.Kernels;

/**
 * The adjoint of {@link Conv} in the weight: {@code dw[o, c, k] = Σ_{b, p} dy[b, p, o]·x[b, s·p + d·k − pad, c]}.
 *
 * @param target shape of dw (O, C/groups, kernel…)
 */
public record ConvWeight(Convolution geometry, Shape target) implements BinaryOp {

    @Override
    public Tensor forward(Kernels kernels, Tensor x, Tensor dy) {
        Tensor dw = Tensor.empty(target, x.dtype(), x.device());
        kernels.convBackwardWeight(geometry, x, dy, dw, null);
        return dw;
    }

    @Override
    public Tensor backwardLeft(Tensor x, Tensor dy, Tensor dw, Tensor cotangent) {
        return new ConvInput(geometry, x.shape()).apply(dy, cotangent);
    }

    @Override
    public Tensor backwardRight(Tensor x, Tensor dy, Tensor dw, Tensor cotangent) {
        return new Conv(geometry).apply(x, cotangent);
    }
}
