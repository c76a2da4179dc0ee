package org.atelier4j.tensor.op;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.UnaryOp;
import org.atelier4j.tensor.kernel.Interpolation;
import org.atelier4j.tensor.kernel.Kernels;

/** (B, H, W, C) resized to another height and width; a linear map whose adjoint is {@link Adjoint}. */
public record Resize(Interpolation mode, int height, int width) implements UnaryOp {

    /** Resizes {@code x}. */
    public static Tensor of(Tensor x, Interpolation mode, int height, int width) {
        Check.rank("resize", 4, "(B, H, W, C)", x);
        Check.shape(height > 0 && width > 0, "resize: height and width must be > 0, got %d and %d", height, width);
        return new Resize(mode, height, width).apply(x);
    }

    @Override
    public Tensor forward(Kernels kernels, Tensor x) {
        Tensor y = Tensor.empty(Shape.of(x.dim(0), height, width, x.dim(3)), x.dtype(), x.device());
        kernels.resize(mode, x, y);
        return y;
    }

    @Override
    public Tensor backward(Tensor x, Tensor y, Tensor dy) {
        return new Adjoint(mode, x.shape()).apply(dy);
    }

    /** Gives each number back to the pixels it was made from, by the same weights. */
    public record Adjoint(Interpolation mode, Shape target) implements UnaryOp {

        @Override
        public Tensor forward(Kernels kernels, Tensor dy) {
            Tensor dx = Tensor.empty(target, dy.dtype(), dy.device());
            kernels.resizeBackward(mode, dy, dx);
            return dx;
        }

        @Override
        public Tensor backward(Tensor dy, Tensor dx, Tensor cotangent) {
            return new Resize(mode, dy.dim(1), dy.dim(2)).apply(cotangent);
        }
    }
}
