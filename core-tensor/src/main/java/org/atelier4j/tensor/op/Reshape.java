package org.atelier4j.tensor.op;

import java.util.Arrays;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.ShapeException;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.UnaryOp;
import org.atelier4j.tensor.kernel.Kernels;

/** The same memory under another shape. */
public record Reshape(Shape target) implements UnaryOp {

    /** Returns the shape with at most one length of −1 inferred from the size. */
    public static Shape infer(Shape from, int... dims) {
        int[] d = dims.clone();
        int open = -1;
        long known = 1;
        for (int i = 0; i < d.length; i++) {
            if (d[i] != -1) {
                known *= d[i];
            } else if (open < 0) {
                open = i;
            } else {
                throw new ShapeException("reshape: at most one length may be -1, got " + Arrays.toString(dims));
            }
        }
        if (open >= 0) {
            if (known == 0 || from.size() % known != 0) {
                throw changed(Arrays.toString(dims), from);
            }
            d[open] = Math.toIntExact(from.size() / known);
        }
        return Shape.of(d);
    }

    @Override
    public Tensor forward(Kernels kernels, Tensor x) {
        if (x.size() != target.size()) {
            throw changed(target.toString(), x.shape());
        }
        return Tensor.over(x.storage(), x.offset(), target);
    }

    private static ShapeException changed(String wanted, Shape from) {
        return new ShapeException("reshape: " + wanted + " must keep the " + from.size() + " elements of " + from);
    }

    @Override
    public Tensor backward(Tensor x, Tensor y, Tensor dy) {
        return dy.reshape(x.shape());
    }
}
