package org.atelier4j.tensor.op;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.UnaryOp;
import org.atelier4j.tensor.kernel.Kernels;
import org.atelier4j.tensor.kernel.StridedCopy;
import org.atelier4j.tensor.kernel.StridedCopy.Strides;

/** Axis i of the result is axis {@code axes[i]} of x; the adjoint is the inverse permutation. */
public record Permute(List<Integer> axes) implements UnaryOp {

    /** Permutes the axes of {@code x}; returns x itself for the identity. */
    public static Tensor of(Tensor x, int... axes) {
        List<Integer> order = new ArrayList<>();
        boolean identity = axes.length == x.rank();
        for (int i = 0; i < axes.length; i++) {
            order.add(Check.axis("permute", axes[i], x.shape()));
            identity &= order.get(i) == i;
        }
        Check.shape(
                order.size() == x.rank() && order.stream().distinct().count() == x.rank(),
                "permute: axes must be a permutation of all %d axes, got %s for shape %s",
                x.rank(),
                Arrays.toString(axes),
                x.shape());
        return identity ? x : new Permute(List.copyOf(order)).apply(x);
    }

    @Override
    public Tensor forward(Kernels kernels, Tensor x) {
        int n = axes.size();
        int[] dims = new int[n];
        long[] steps = new long[n];
        long[] own = x.shape().strides();
        for (int i = 0; i < n; i++) {
            dims[i] = x.dim(axes.get(i));
            steps[i] = own[axes.get(i)];
        }
        Shape target = Shape.of(dims);
        Tensor y = Tensor.empty(target, x.dtype(), x.device());
        kernels.copy(new StridedCopy(target, Strides.of(0, steps), Strides.contiguous(target)), x, y);
        return y;
    }

    @Override
    public Tensor backward(Tensor x, Tensor y, Tensor dy) {
        int[] inverse = new int[axes.size()];
        for (int i = 0; i < inverse.length; i++) {
            inverse[axes.get(i)] = i;
        }
        return dy.permute(inverse);
    }
}
