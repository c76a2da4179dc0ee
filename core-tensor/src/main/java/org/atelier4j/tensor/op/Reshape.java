package org.atelier4j.tensor.op;

import java.util.Arrays;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Shape;
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
            if (d[i] == -1) {
                Check.shape(open < 0, "reshape: at most one length may be -1, got %s", Arrays.toString(dims));
                open = i;
            } else {
                known *= d[i];
            }
        }
        if (open >= 0) {
            Check.shape(
                    known != 0 && from.size() % known == 0,
                    "reshape: %s must keep the %d elements of %s",
                    Arrays.toString(dims),
                    from.size(),
                    from);
            d[open] = Math.toIntExact(from.size() / known);
        }
        return Shape.of(d);
    }

    @Override
    public Tensor forward(Kernels kernels, Tensor x) {
        Check.shape(
                x.size() == target.size(), "reshape: %s must keep the %d elements of %s", target, x.size(), x.shape());
        return Tensor.over(x.storage(), x.offset(), target);
    }

    @Override
    public Tensor backward(Tensor x, Tensor y, Tensor dy) {
        return dy.reshape(x.shape());
    }
}
