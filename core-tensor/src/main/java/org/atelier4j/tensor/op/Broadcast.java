package org.atelier4j.tensor.op;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.UnaryOp;
import org.atelier4j.tensor.kernel.Kernels;
import org.atelier4j.tensor.kernel.StridedCopy;
import org.atelier4j.tensor.kernel.StridedCopy.Strides;

/** Repeats axes of length 1; the adjoint sums over the copies. */
public record Broadcast(Shape target) implements UnaryOp {

    /** Repeats {@code x} to the target's shape. */
    public static Tensor of(Tensor x, Shape target) {
        Check.shape(
                Shape.broadcast("broadcastTo", x.shape(), target).equals(target),
                "broadcastTo: %s must broadcast to %s",
                x.shape(),
                target);
        return new Broadcast(target).apply(x);
    }

    @Override
    public Tensor forward(Kernels kernels, Tensor x) {
        Tensor y = Tensor.empty(target, x.dtype(), x.device());
        long[] own = x.shape().strides();
        long[] steps = new long[target.rank()];
        int extra = target.rank() - x.rank();
        for (int i = extra; i < steps.length; i++) {
            steps[i] = x.dim(i - extra) == 1 ? 0 : own[i - extra];
        }
        kernels.copy(new StridedCopy(target, Strides.of(0, steps), Strides.contiguous(target)), x, y);
        return y;
    }

    @Override
    public Tensor backward(Tensor x, Tensor y, Tensor dy) {
        return dy.sumTo(x.shape());
    }
}
