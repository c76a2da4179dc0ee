package org.atelier4j.tensor.kernel;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Shape;

/**
 * Geometry of a convolution with one entry per spatial axis.
 *
 * @param stride distance between windows, ≥ 1
 * @param padding zeros added at both ends, ≥ 0
 * @param dilation distance between taps, ≥ 1
 * @param groups number of channel groups that do not see each other, ≥ 1
 */
public record Convolution(Shape stride, Shape padding, Shape dilation, int groups) {

    /** Checks the ranges. */
    public Convolution {
        int n = stride.rank();
        Check.that(
                n >= 1 && n <= 3 && padding.rank() == n && dilation.rank() == n,
                "conv: stride, padding and dilation must have 1 to 3 equal numbers of entries, got %s, %s, %s",
                stride,
                padding,
                dilation);
        for (int i = 0; i < n; i++) {
            Check.that(
                    stride.dim(i) >= 1 && dilation.dim(i) >= 1,
                    "conv: stride and dilation must be >= 1, got %s and %s",
                    stride,
                    dilation);
        }
        Check.that(groups >= 1, "conv: groups must be >= 1, got %d", groups);
    }

    /** Returns a geometry with the same entries on both axes of an image. */
    public static Convolution of2d(int stride, int padding) {
        return new Convolution(Shape.of(stride, stride), Shape.of(padding, padding), Shape.of(1, 1), 1);
    }

    /**
     * Returns the length of spatial axis {@code i} after the convolution: {@code ⌊(n + 2p − d(k − 1) − 1)/s⌋ + 1}.
     *
     * @param kernel length of the kernel along the axis
     */
    public int outputLength(int i, int length, int kernel) {
        int reach = dilation.dim(i) * (kernel - 1) + 1;
        int padded = length + 2 * padding.dim(i);
        Check.shape(
                padded >= reach,
                "conv: padded input must be at least as long as the dilated kernel, got %d and %d on spatial axis %d",
                padded,
                reach,
                i);
        return (padded - reach) / stride.dim(i) + 1;
    }
}
