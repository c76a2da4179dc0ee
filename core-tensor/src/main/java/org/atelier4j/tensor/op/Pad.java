package org.atelier4j.tensor.op;

import java.lang.ref.Reference;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.UnaryOp;
import org.atelier4j.tensor.kernel.Kernels;
import org.atelier4j.tensor.kernel.StridedCopy;
import org.atelier4j.tensor.kernel.StridedCopy.Strides;

/** Zeros at both ends of one axis; the adjoint slices them off. */
public record Pad(int axis, int before, int after) implements UnaryOp {

    /** Pads {@code x} with zeros. */
    public static Tensor of(Tensor x, int axis, int before, int after) {
        int a = Check.axis("pad", axis, x.shape());
        Check.shape(before >= 0 && after >= 0, "pad: amounts must be >= 0, got %d and %d", before, after);
        return before == 0 && after == 0 ? x : new Pad(a, before, after).apply(x);
    }

    /** Pads {@code x} with its mirror image; the edge itself is not repeated. */
    public static Tensor reflect(Tensor x, int axis, int amount) {
        int a = Check.axis("padReflect", axis, x.shape());
        int n = x.dim(a);
        Check.shape(
                amount >= 0 && amount < n,
                "padReflect: amount must lie in [0, %d), got %d for shape %s",
                n,
                amount,
                x.shape());
        int[] from = new int[n + 2 * amount];
        for (int i = 0; i < from.length; i++) {
            int j = Math.abs(i - amount);
            from[i] = j < n ? j : 2 * (n - 1) - j;
        }
        return amount == 0 ? x : x.indexSelect(a, Tensor.of(from, from.length).to(x.device()));
    }

    @Override
    public Tensor forward(Kernels kernels, Tensor x) {
        Shape target = x.shape().with(axis, before + x.dim(axis) + after);
        Tensor y = Tensor.empty(target, x.dtype(), x.device());
        long[] steps = target.strides();
        kernels.copy(
                new StridedCopy(x.shape(), Strides.contiguous(x.shape()), Strides.of(before * steps[axis], steps)),
                x,
                y);
        Tensor zero = Tensor.empty(Shape.scalar(), x.dtype(), x.device());
        kernels.fill(0, zero);
        clear(kernels, zero, y, 0, before);
        clear(kernels, zero, y, before + x.dim(axis), after);
        Reference.reachabilityFence(zero); // kernels know memory by address only
        return y;
    }

    /** Repeats a zero over some entries of the axis: each number of y is written once. */
    private void clear(Kernels kernels, Tensor zero, Tensor y, int start, int length) {
        if (length == 0) {
            return;
        }
        long[] steps = y.shape().strides();
        kernels.copy(
                new StridedCopy(
                        y.shape().with(axis, length),
                        Strides.of(0, new long[y.rank()]),
                        Strides.of(start * steps[axis], steps)),
                zero,
                y);
    }

    @Override
    public Tensor backward(Tensor x, Tensor y, Tensor dy) {
        return dy.slice(axis, before, x.dim(axis));
    }
}
