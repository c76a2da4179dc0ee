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

    /** Permutes the axes of {@code x}; a view where only axes of length 1 change places, x itself for the identity. */
    public static Tensor of(Tensor x, int... axes) {
        List<Integer> order = new ArrayList<>();
        for (int axis : axes) {
            order.add(Check.axis("permute", axis, x.shape()));
        }
        Check.shape(
                order.size() == x.rank() && order.stream().distinct().count() == x.rank(),
                "permute: axes must be a permutation of all %d axes, got %s for shape %s",
                x.rank(),
                Arrays.toString(axes),
                x.shape());
        List<Integer> moved = order.stream().filter(a -> x.dim(a) != 1).toList();
        boolean inPlace = moved.equals(moved.stream().sorted().toList());
        return inPlace ? x.reshape(permuted(x.shape(), order)) : new Permute(List.copyOf(order)).apply(x);
    }

    private static Shape permuted(Shape shape, List<Integer> axes) {
        return Shape.of(axes.stream().mapToInt(shape::dim).toArray());
    }

    @Override
    public Tensor forward(Kernels kernels, Tensor x) {
        long[] own = x.shape().strides();
        long[] steps = axes.stream().mapToLong(a -> own[a]).toArray();
        Shape target = permuted(x.shape(), axes);
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
