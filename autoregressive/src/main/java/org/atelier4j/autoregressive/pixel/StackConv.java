package org.atelier4j.autoregressive.pixel;

import org.atelier4j.nn.Conv2d;
import org.atelier4j.nn.ConvConfig;
import org.atelier4j.nn.UnaryLayer;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.jspecify.annotations.Nullable;

/**
 * One convolution of one of the two stacks: only the taps that may see exist, so that nothing is multiplied by zeros.
 * Child {@code conv}.
 *
 * <p>A {@linkplain #vertical vertical} one has kernel (n, k) and sees n rows, the first layer those above the pixel, the
 * others the pixel's own and those above (their input at a row knows of the rows above it only). A {@linkplain #horizontal
 * horizontal} one has kernel (1, n) and sees the pixel itself, as far as the mask says, and what lies to the left.
 */
final class StackConv extends UnaryLayer {
    private final Conv2d conv;
    private final @Nullable Tensor mask;
    private final int top; // rows of zeros above
    private final int left; // columns of zeros on the left
    private final int hidden; // rows at the end that are not seen

    private StackConv(Conv2d conv, @Nullable Tensor mask, int top, int left, int hidden) {
        this.conv = child("conv", conv);
        this.mask = mask;
        this.top = top;
        this.left = left;
        this.hidden = hidden;
    }

    /** Returns a convolution of the vertical stack; {@code first} says that its input is the image. */
    static StackConv vertical(int in, int out, int kernel, boolean first, Rng rng) {
        int rows = first ? kernel / 2 : kernel / 2 + 1;
        Conv2d conv = new Conv2d(sizes(in, out, Shape.of(rows, kernel), kernel / 2), rng);
        return new StackConv(conv, null, first ? rows : rows - 1, 0, first ? 1 : 0);
    }

    /** Returns a convolution of the horizontal stack. */
    static StackConv horizontal(int in, int out, int kernel, TapMask.Center center, Rng rng) {
        int columns = kernel / 2 + 1;
        Conv2d conv = new Conv2d(sizes(in, out, Shape.of(1, columns), 0), rng);
        Tensor mask = center.cuts()
                ? TensorScope.outside(() -> TapMask.of(conv.weight().shape(), 0, columns - 1, center))
                : null;
        return new StackConv(conv, mask, 0, columns - 1, 0);
    }

    private static ConvConfig sizes(int in, int out, Shape kernel, int sidePadding) {
        return ConvConfig.of(in, out, kernel).withPadding(Shape.of(0, sidePadding));
    }

    /** Returns the convolution of x (B, H, W, in): (B, H, W, out). */
    @Override
    public Tensor forward(Tensor x) {
        Tensor padded = x;
        if (top > 0) {
            padded = padded.pad(1, top, 0); // (B, H + top, W, in)
        }
        if (hidden > 0) {
            padded = padded.slice(1, 0, padded.dim(1) - hidden);
        }
        if (left > 0) {
            padded = padded.pad(2, left, 0); // (B, H, W + left, in)
        }
        return onPadded(padded);
    }

    /** Returns the convolution of rows or columns that have their zeros already: what sampling calls. */
    Tensor onPadded(Tensor x) {
        return mask == null ? conv.forward(x) : conv.forwardWith(conv.weight().mul(mask), x);
    }

    /** Returns how many rows, for the vertical stack, or columns, for the horizontal one, a result depends on. */
    int reach() {
        return Math.max(top, left) + 1 - hidden;
    }
}
