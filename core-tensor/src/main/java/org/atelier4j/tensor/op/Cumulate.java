package org.atelier4j.tensor.op;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.UnaryOp;
import org.atelier4j.tensor.kernel.Kernels;
import org.atelier4j.tensor.kernel.Reduction;

/**
 * Running sum or product along an axis.
 *
 * <p>Sum: the adjoint runs the other way. Product {@code y_i = Π_{j≤i} x_j}: {@code dx_k = Σ_{i≥k} dy_i Π_{j≤i, j≠k} x_j},
 * computed without dividing by x, so that zeros are no exception, in quadratic work along the axis.
 *
 * @param exclusive whether {@code y_i} leaves {@code x_i} out
 * @param reverse whether it runs from the end
 */
public record Cumulate(Reduction f, int axis, boolean exclusive, boolean reverse) implements UnaryOp {

    /** Checks the function. */
    public Cumulate {
        Check.that(f == Reduction.SUM || f == Reduction.PROD, "cumulate: function must be SUM or PROD, got %s", f);
    }

    /** Runs from the front, each element included. */
    public static Tensor of(Reduction f, Tensor x, int axis) {
        return new Cumulate(f, Check.axis("cumulate", axis, x.shape()), false, false).apply(x);
    }

    @Override
    public Tensor forward(Kernels kernels, Tensor x) {
        Tensor y = Tensor.empty(x.shape(), x.dtype(), x.device());
        kernels.cumulate(f, x, axis, exclusive, reverse, y);
        return y;
    }

    @Override
    public Tensor backward(Tensor x, Tensor y, Tensor dy) {
        return f == Reduction.SUM ? new Cumulate(f, axis, exclusive, !reverse).apply(dy) : productBackward(x, dy);
    }

    /** The k-th slice of dx: the running product with x_k replaced by 1, times dy, summed over all that contain x_k. */
    private Tensor productBackward(Tensor x, Tensor dy) {
        int n = x.dim(axis);
        Tensor[] slices = new Tensor[n];
        for (int k = 0; k < n; k++) {
            Tensor one = Tensor.onesLike(x.slice(axis, k, 1));
            Tensor head = x.slice(axis, 0, k);
            Tensor without = Tensor.concat(axis, head, one, x.slice(axis, k + 1, n - k - 1));
            Tensor product =
                    new Cumulate(f, axis, exclusive, reverse).apply(without).mul(dy);
            int skip = exclusive ? 1 : 0;
            Tensor sees = reverse
                    ? product.slice(axis, 0, Math.max(0, k + 1 - skip))
                    : product.slice(axis, Math.min(n, k + skip), Math.max(0, n - k - skip));
            slices[k] = sees.sum(axis);
        }
        return n == 0 ? Tensor.zerosLike(x) : Tensor.concat(axis, slices);
    }
}
