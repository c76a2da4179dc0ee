package org.atelier4j.autoregressive.pixel;

import java.util.List;
import org.atelier4j.autoregressive.pixel.MaskedConv2d.Mask;
import org.atelier4j.nn.Layer;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;

/**
 * The gated PixelCNN of van den Oord et al. 2016, "Conditional Image Generation with PixelCNN Decoders"
 * (arXiv:1606.05328): a vertical stack that sees all rows above, a horizontal one that sees the rest of the own row and
 * takes from the vertical one, gates, and a class that shifts them. Together they see every pixel before the predicted
 * one; there is no blind spot as in {@link MaskedPixelCnn}.
 *
 * <p>(B, H, W, in) and labels (B) → (B, H, W, out) of which pixel (y, x) depends on the pixels before it only: rows above,
 * own row to the left, and with {@code colors > 1} the colors before in the same pixel.
 *
 * <p>Differs from the paper: the masked kernels are cut to the taps that see, which gives the same function; the last two
 * 1×1 layers have {@code 2·width} channels between them; label {@code classes} is "no class", for guidance.
 */
public final class GatedPixelCnn extends Layer {
    static final int FIRST_KERNEL = 7;

    /**
     * Sizes.
     *
     * @param in channels of the input
     * @param out numbers predicted for a pixel
     * @param width channels of each stack, a multiple of {@code colors}
     * @param layers number of gated layers behind the first, ≥ 1
     * @param kernel n, rows and columns of a layer's kernel before it is cut, odd
     * @param colors parts of the channels that are predicted one after the other within a pixel; 1 for whole pixels
     * @param classes number of classes; 0 for a network that knows none
     */
    public record Config(int in, int out, int width, int layers, int kernel, int colors, int classes) {

        /** Checks the sizes. */
        public Config {
            Check.that(
                    layers >= 1 && width >= 1 && in >= 1 && out >= 1,
                    "GatedPixelCnn: layers, width, in and out must be >= 1, got %d, %d, %d and %d",
                    layers,
                    width,
                    in,
                    out);
            Check.that(kernel >= 3 && kernel % 2 == 1, "GatedPixelCnn: kernel must be odd and >= 3, got %d", kernel);
            Check.that(
                    colors >= 1 && in % colors == 0 && out % colors == 0 && width % colors == 0,
                    "GatedPixelCnn: in, out and width must be multiples of the %d colors, got %d, %d and %d",
                    colors,
                    in,
                    out,
                    width);
            Check.that(classes >= 0, "GatedPixelCnn: classes must be >= 0, got %d", classes);
        }
    }

    private final Config config;
    private final List<GatedBlock> blocks;
    private final MaskedConv2d hidden;
    private final MaskedConv2d last;

    /** Makes a network. */
    public GatedPixelCnn(Config config, Rng rng) {
        this.config = config;
        int wide = 2 * config.width();
        blocks = children("blocks", config.layers() + 1, i -> new GatedBlock(config, i == 0, rng));
        hidden = child("hidden", pointwise(config.width(), wide, rng));
        last = child("last", pointwise(wide, config.out(), rng));
    }

    private MaskedConv2d pointwise(int in, int out, Rng rng) {
        return new MaskedConv2d(new MaskedConv2d.Config(in, out, 1, Mask.B, config.colors()), rng);
    }

    /**
     * Returns predictions (B, H, W, out).
     *
     * @param x (B, H, W, in)
     * @param labels INT32 (B) in [0, classes], {@code classes} being "no class"
     */
    public Tensor forward(Tensor x, Tensor labels) {
        Check.shape(
                x.rank() == 4 && x.dim(3) == config.in(),
                "GatedPixelCnn: x must have shape (B, H, W, %d), got %s",
                config.in(),
                x.shape());
        checkLabels(labels, x.dim(0));
        GatedBlock.Stacks stacks = new GatedBlock.Stacks(x, x);
        for (GatedBlock block : blocks) {
            stacks = block.forward(stacks, labels); // (B, H, W, width) twice
        }
        return head(stacks.horizontal()); // (B, H, W, out)
    }

    /** Returns what is predicted from the horizontal stack's last layer (…, width): (…, out). */
    Tensor head(Tensor horizontal) {
        return last.forward(hidden.forward(horizontal.relu()).relu());
    }

    /** Returns the sizes. */
    public Config config() {
        return config;
    }

    List<GatedBlock> blocks() {
        return blocks;
    }

    private void checkLabels(Tensor labels, int batch) {
        Check.dtype("GatedPixelCnn: labels", DType.INT32, labels);
        Check.shape(
                labels.rank() == 1 && labels.dim(0) == batch,
                "GatedPixelCnn: labels must have shape (%d), got %s",
                batch,
                labels.shape());
        Check.indices(labels, config.classes() + 1, "GatedPixelCnn: labels must lie in [0, %d]", config.classes());
    }
}
