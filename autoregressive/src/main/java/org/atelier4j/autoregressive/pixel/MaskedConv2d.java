package org.atelier4j.autoregressive.pixel;

import org.atelier4j.nn.Conv2d;
import org.atelier4j.nn.UnaryLayer;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.jspecify.annotations.Nullable;

/**
 * A convolution that sees only what comes before a pixel: rows above, and in its own row what lies to the left. (B, H, W,
 * in) → (B, H, W, out). Child {@code conv} with PyTorch's parameters, of which the masked ones are never used.
 *
 * <p>van den Oord et al. 2016, "Pixel Recurrent Neural Networks" (arXiv:1601.06759), sec. 3.4 and fig. 2 (right). Of the pixel
 * itself mask A shows the colors that come before the predicted one, mask B that one too: A is for the first layer, whose
 * input is the image, B for all others. Channels belong to colors in equal consecutive parts, as R…R G…G B…B.
 */
public final class MaskedConv2d extends UnaryLayer {

    /** What a prediction of color c may see of its own pixel. */
    public enum Mask {
        /** Colors before c: for the layer that sees the image. */
        A,
        /** Colors up to c: for the layers above it. */
        B;

        boolean shows(int from, int to) {
            return this == A ? from < to : from <= to;
        }
    }

    /**
     * Sizes.
     *
     * @param in channels of the input, a multiple of {@code colors}
     * @param out channels of the output, a multiple of {@code colors}
     * @param kernel rows and columns of the kernel, odd
     * @param mask what is seen of the pixel itself
     * @param colors how many parts the channels have; 1 where whole pixels are predicted at once
     */
    public record Config(int in, int out, int kernel, Mask mask, int colors) {

        /** Checks the sizes. */
        public Config {
            Check.that(kernel >= 1 && kernel % 2 == 1, "MaskedConv2d: kernel must be odd, got %d", kernel);
            Check.that(
                    colors >= 1 && in >= 1 && out >= 1 && in % colors == 0 && out % colors == 0,
                    "MaskedConv2d: in and out must be multiples of the %d colors, got %d and %d",
                    colors,
                    in,
                    out);
        }
    }

    private final Conv2d conv;
    private final @Nullable Tensor mask; // null where it would cut nothing

    /** Makes a layer with bias and PyTorch's initial values. */
    public MaskedConv2d(Config config, Rng rng) {
        int middle = config.kernel() / 2;
        conv = child("conv", new Conv2d(config.in(), config.out(), config.kernel(), 1, middle, rng));
        var center = new TapMask.Center(config.mask(), config.colors(), 1);
        mask = config.kernel() == 1 && !center.cuts()
                ? null
                : TensorScope.outside(() -> TapMask.of(conv.weight().shape(), middle, middle, center));
    }

    /** Returns the masked convolution of x (B, H, W, in): (B, H, W, out). */
    @Override
    public Tensor forward(Tensor x) {
        return mask == null ? conv.forward(x) : conv.forwardWith(conv.weight().mul(mask), x);
    }

    /** Returns the masked convolution of x plus {@code residual} (B, H, W, out). */
    Tensor forward(Tensor x, Tensor residual) {
        return mask == null ? conv.forward(x, residual) : forward(x).add(residual);
    }
}
