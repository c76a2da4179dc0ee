package org.atelier4j.tensor.op;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.UnaryOp;
import org.atelier4j.tensor.kernel.Kernels;
import org.atelier4j.tensor.kernel.StridedCopy;
import org.atelier4j.tensor.kernel.StridedCopy.Strides;

/** Entries {@code [start, start + length)} of one axis: a view where all axes before it have length 1; the adjoint pads. */
public record Slice(int axis, int start, int length) implements UnaryOp {

    /** Slices {@code x}; returns x itself for the whole axis. */
    public static Tensor of(Tensor x, int axis, int start, int length) {
        int a = Check.axis("slice", axis, x.shape());
        int n = x.dim(a);
        Check.shape(
                start >= 0 && length >= 0 && start + length <= n,
                "slice: range must lie in [0, %d) of axis %d, got [%d, %d) for shape %s",
                n,
                a,
                start,
                start + length,
                x.shape());
        return length == n ? x : new Slice(a, start, length).apply(x);
    }

    @Override
    public Tensor forward(Kernels kernels, Tensor x) {
        Shape target = x.shape().with(axis, length);
        long[] steps = x.shape().strides();
        long skip = start * steps[axis];
        if (x.shape().size(0, axis) == 1) {
            return Tensor.over(x.storage(), x.offset() + skip, target);
        }
        Tensor y = Tensor.empty(target, x.dtype(), x.device());
        kernels.copy(new StridedCopy(target, Strides.of(skip, steps), Strides.contiguous(target)), x, y);
        return y;
    }

    @Override
    public Tensor backward(Tensor x, Tensor y, Tensor dy) {
        return dy.pad(axis, start, x.dim(axis) - start - length);
    }
}
