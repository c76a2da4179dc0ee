package org.atelier4j.tensor.op;

import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.UnaryOp;
import org.atelier4j.tensor.kernel.Kernels;
import org.atelier4j.tensor.kernel.StridedCopy;
import org.atelier4j.tensor.kernel.StridedCopy.Strides;

/** One axis in reverse order; its own adjoint. */
public record Flip(int axis) implements UnaryOp {

    @Override
    public Tensor forward(Kernels kernels, Tensor x) {
        Tensor y = Tensor.empty(x.shape(), x.dtype(), x.device());
        long[] steps = x.shape().strides();
        long last = Math.max(0, (x.dim(axis) - 1) * steps[axis]);
        steps[axis] = -steps[axis];
        kernels.copy(new StridedCopy(x.shape(), Strides.of(last, steps), Strides.contiguous(x.shape())), x, y);
        return y;
    }

    @Override
    public Tensor backward(Tensor x, Tensor y, Tensor dy) {
        return dy.flip(axis);
    }
}
