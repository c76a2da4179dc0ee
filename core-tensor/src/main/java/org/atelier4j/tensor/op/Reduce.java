package org.atelier4j.tensor.op;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.ShapeException;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.UnaryOp;
import org.atelier4j.tensor.kernel.Kernels;
import org.atelier4j.tensor.kernel.Reduction;

/**
 * A reduction over some axes, which stay with length 1.
 *
 * <p>Sum: {@code dx = dy}; mean: {@code dx = dy/n}; largest and smallest: dy, shared among ties; product:
 * {@code dx_i = dy Π_{j≠i} x_j}, as running products from both ends, so that zeros are no exception.
 *
 * @param axes rising
 */
public record Reduce(Reduction f, List<Integer> axes) implements UnaryOp {

    /** Reduces over the given axes, over all to a scalar if there are none. */
    public static Tensor over(Reduction f, Tensor x, int... axes) {
        if (axes.length == 0) {
            if (x.rank() == 0) {
                return x;
            }
            int[] all = IntStream.range(0, x.rank()).toArray();
            return over(f, x, all).reshape(Shape.scalar());
        }
        List<Integer> sorted = rising(f.word(), x.shape(), axes);
        if (f == Reduction.PROD && sorted.size() > 1) {
            Tensor y = x;
            for (int axis : sorted) {
                y = new Reduce(f, List.of(axis)).apply(y);
            }
            return y;
        }
        return new Reduce(f, sorted).apply(x);
    }

    private static List<Integer> rising(String name, Shape shape, int[] axes) {
        int[] sorted = new int[axes.length];
        for (int i = 0; i < axes.length; i++) {
            sorted[i] = Check.axis(name, axes[i], shape);
        }
        Arrays.sort(sorted);
        Integer[] rising = new Integer[axes.length];
        for (int i = 0; i < axes.length; i++) {
            if (i > 0 && sorted[i] == sorted[i - 1]) {
                throw new ShapeException(name + ": axes must differ, got " + Arrays.toString(sorted));
            }
            rising[i] = sorted[i];
        }
        return List.of(rising);
    }

    /** Returns the sum over all axes that {@code target} lacks or has with length 1. */
    public static Tensor sumTo(Tensor x, Shape target) {
        Shape from = x.shape();
        if (from.equals(target)) {
            return x;
        }
        if (!Shape.broadcast("sumTo", from, target).equals(from)) {
            throw new ShapeException("sumTo: " + target + " must broadcast to " + from);
        }
        int extra = from.rank() - target.rank();
        int[] axes = new int[from.rank()];
        int n = 0;
        for (int i = 0; i < from.rank(); i++) {
            if (i < extra || target.dim(i - extra) == 1 && from.dim(i) != 1) {
                axes[n++] = i;
            }
        }
        return (n == 0 ? x : over(Reduction.SUM, x, Arrays.copyOf(axes, n))).reshape(target);
    }

    @Override
    public Tensor forward(Kernels kernels, Tensor x) {
        int[] dims = x.shape().dims();
        int[] over = over();
        for (int axis : over) {
            dims[axis] = 1;
        }
        Tensor y = Tensor.empty(Shape.of(dims), x.dtype(), x.device());
        kernels.reduce(f, x, over, y);
        return y;
    }

    @Override
    public Tensor backward(Tensor x, Tensor y, Tensor dy) {
        return switch (f) {
            case SUM -> dy.broadcastTo(x.shape());
            case MEAN -> dy.mul((double) y.size() / x.size()).broadcastTo(x.shape());
            case PROD -> {
                int axis = axes.get(0);
                Tensor before = new Cumulate(f, axis, true, false).apply(x);
                Tensor after = new Cumulate(f, axis, true, true).apply(x);
                yield dy.mul(before).mul(after);
            }
            case MAX, MIN -> {
                Tensor winners = x.equal(y).to(x.dtype());
                yield winners.mul(dy.div(winners.sum(over())));
            }
        };
    }

    private int[] over() {
        int[] over = new int[axes.size()];
        for (int i = 0; i < over.length; i++) {
            over[i] = axes.get(i);
        }
        return over;
    }
}
