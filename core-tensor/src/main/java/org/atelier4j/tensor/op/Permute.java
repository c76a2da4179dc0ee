package org.atelier4j.tensor.op;

import java.util.Arrays;
import java.util.List;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.ShapeException;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.UnaryOp;
import org.atelier4j.tensor.kernel.Kernels;
import org.atelier4j.tensor.kernel.StridedCopy;
import org.atelier4j.tensor.kernel.StridedCopy.Strides;

/** Axis i of the result is axis {@code axes[i]} of x; the adjoint is the inverse permutation. */
public record Permute(List<Integer> axes) implements UnaryOp {

    /** Permutes the axes of {@code x}; a view where only axes of length 1 change places, x itself for the identity. */
    public static Tensor of(Tensor x, int... axes) {
        Integer[] order = new Integer[axes.length];
        boolean inPlace = true;
        int seen = 0; // axes, one bit each
        int last = -1; // of the axes that are longer than 1
        for (int i = 0; i < axes.length; i++) {
            int axis = Check.axis("permute", axes[i], x.shape());
            order[i] = axis;
            seen |= 1 << axis;
            if (x.dim(axis) != 1) {
                inPlace &= axis > last;
                last = axis;
            }
        }
        if (axes.length != x.rank() || Integer.bitCount(seen) != x.rank()) {
            throw new ShapeException("permute: axes must be a permutation of all " + x.rank() + " axes, got "
                    + Arrays.toString(axes) + " for shape " + x.shape());
        }
        Permute permute = new Permute(List.of(order));
        return inPlace ? x.reshape(permute.of(x.shape())) : permute.apply(x);
    }

    private Shape of(Shape shape) {
        int[] dims = new int[axes.size()];
        for (int i = 0; i < dims.length; i++) {
            dims[i] = shape.dim(axes.get(i));
        }
        return Shape.of(dims);
    }

    @Override
    public Tensor forward(Kernels kernels, Tensor x) {
        long[] own = x.shape().strides();
        long[] steps = new long[own.length];
        for (int i = 0; i < steps.length; i++) {
            steps[i] = own[axes.get(i)];
        }
        Shape target = of(x.shape());
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
