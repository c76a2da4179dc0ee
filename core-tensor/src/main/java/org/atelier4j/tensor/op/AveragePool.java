package org.atelier4j.tensor.op;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.UnaryOp;
import org.atelier4j.tensor.kernel.Kernels;
import org.atelier4j.tensor.kernel.Pooling;

/** The mean of each window of (B, H, W, C), padding not counted; a linear map whose adjoint is {@link Adjoint}. */
public record AveragePool(Pooling pooling) implements UnaryOp {

    /** Pools {@code x}. */
    public static Tensor of(Tensor x, Pooling pooling) {
        Check.rank("averagePool", 4, "(B, H, W, C)", x);
        return new AveragePool(pooling).apply(x);
    }

    @Override
    public Tensor forward(Kernels kernels, Tensor x) {
        Tensor y = Tensor.empty(MaxPool.resultShape(pooling, x.shape()), x.dtype(), x.device());
        kernels.averagePool(pooling, x, y);
        return y;
    }

    @Override
    public Tensor backward(Tensor x, Tensor y, Tensor dy) {
        return new Adjoint(pooling, x.shape()).apply(dy);
    }

    /** Spreads each number over its window in equal shares. */
    public record Adjoint(Pooling pooling, Shape target) implements UnaryOp {

        @Override
        public Tensor forward(Kernels kernels, Tensor dy) {
            Tensor dx = Tensor.empty(target, dy.dtype(), dy.device());
            kernels.averagePoolBackward(pooling, dy, dx);
            return dx;
        }

        @Override
        public Tensor backward(Tensor dy, Tensor dx, Tensor cotangent) {
            return new AveragePool(pooling).apply(cotangent);
        }
    }
}
