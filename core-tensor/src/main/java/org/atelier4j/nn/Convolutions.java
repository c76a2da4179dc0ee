package org.atelier4j.nn;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Convolution;
import org.atelier4j.tensor.kernel.Unary;
import org.atelier4j.tensor.op.Conv;
import org.atelier4j.tensor.op.ConvInput;
import org.jspecify.annotations.Nullable;

/**
 * Convolutions over one, two or three spatial axes as functions of their weight, for weights that are no layer's own
 * (masked, normalized, made by another network); the number of axes is that of the geometry.
 *
 * <p>Images are channels-last (B, spatial…, C); weights have PyTorch's shapes.
 */
public final class Convolutions {

    private Convolutions() {}

    /**
     * Returns the convolution of x (B, spatial…, C), (B, spatial'…, O).
     *
     * @param weight (O, C/groups, kernel…)
     * @param bias (O), or null for none
     */
    public static Tensor conv(Tensor x, Tensor weight, @Nullable Tensor bias, Convolution geometry) {
        Conv op = new Conv(geometry);
        return bias == null ? op.apply(x, weight) : op.apply(x, weight, bias);
    }

    /**
     * Returns {@code f(conv(x, weight) + bias)}: one kernel where nothing is recorded, else a convolution and an elementwise
     * function. For inference with frozen weights.
     *
     * @param weight (O, C/groups, kernel…)
     * @param bias (O), or null for none
     */
    public static Tensor activated(Tensor x, Tensor weight, @Nullable Tensor bias, Convolution geometry, Unary f) {
        return Conv.activated(geometry, x, weight, bias, null, f);
    }

    /**
     * Returns the transposed convolution of x (B, spatial…, C), (B, spatial'…, O): the adjoint of the convolution of this
     * geometry that maps O to C channels, with lengths {@code (n − 1)s − 2p + d(k − 1) + outputPadding + 1}.
     *
     * @param weight (C, O/groups, kernel…)
     * @param bias (O), or null for none
     * @param outputPadding entries added at the far end of each spatial axis, in [0, stride): several lengths have the same
     *     convolution, and this tells which one is meant
     */
    public static Tensor transposed(
            Tensor x, Tensor weight, @Nullable Tensor bias, Convolution geometry, int outputPadding) {
        int n = geometry.stride().rank();
        Check.shape(
                x.rank() == n + 2 && weight.rank() == n + 2 && x.dim(-1) == weight.dim(0),
                "convTranspose: x must be (B, %d spatial axes, C) and weight (C, O/groups, kernel), got %s and %s",
                n,
                x.shape(),
                weight.shape());
        int[] dims = new int[n + 2];
        dims[0] = x.dim(0);
        dims[n + 1] = weight.dim(1) * geometry.groups();
        for (int i = 0; i < n; i++) {
            int stride = geometry.stride().dim(i);
            Check.that(
                    outputPadding >= 0 && outputPadding < stride,
                    "convTranspose: outputPadding must lie in [0, %d), got %d",
                    stride,
                    outputPadding);
            int reach = geometry.dilation().dim(i) * (weight.dim(i + 2) - 1);
            int length = (x.dim(i + 1) - 1) * stride - 2 * geometry.padding().dim(i) + reach + outputPadding + 1;
            Check.shape(
                    length > 0, "convTranspose: result must not be empty, got length %d on spatial axis %d", length, i);
            dims[i + 1] = length;
        }
        Tensor y = new ConvInput(geometry, Shape.of(dims)).apply(x, weight);
        return bias == null ? y : y.add(bias);
    }
}
