package org.atelier4j.tensor.op;

import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.UnaryOp;
import org.atelier4j.tensor.kernel.Kernels;

/** Another element type; between floating types the gradient is cast back. */
public record Cast(DType dtype) implements UnaryOp {

    @Override
    public Tensor forward(Kernels kernels, Tensor x) {
        Tensor y = Tensor.empty(x.shape(), dtype, x.device());
        kernels.convert(x, y);
        return y;
    }

    @Override
    public Tensor backward(Tensor x, Tensor y, Tensor dy) {
        return dy.to(x.dtype());
    }
}
