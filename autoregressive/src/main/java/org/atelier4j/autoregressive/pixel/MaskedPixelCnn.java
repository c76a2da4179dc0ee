package org.atelier4j.autoregressive.pixel;

import java.util.List;
import org.atelier4j.autoregressive.pixel.MaskedConv2d.Mask;
import org.atelier4j.nn.Layer;
import org.atelier4j.nn.UnaryLayer;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;

/**
 * The PixelCNN of van den Oord et al. 2016, "Pixel Recurrent Neural Networks" (arXiv:1601.06759), table 1: one stack of
 * masked convolutions in residual blocks. (B, H, W, in) → (B, H, W, out).
 *
 * <p>It is here to be compared with. Each masked kernel reaches to the upper right by one column less per row than a cone,
 * so whatever lies to the right above of that edge is never seen, however many layers there are: the blind spot of
 * arXiv:1606.05328, fig. 1, which {@link GatedPixelCnn} does not have.
 */
public final class MaskedPixelCnn extends UnaryLayer {
    private static final int FIRST_KERNEL = 7;

    /**
     * Sizes.
     *
     * @param in channels of the input
     * @param out numbers predicted for a pixel
     * @param width h, half the channels between blocks (fig. 5)
     * @param blocks number of residual blocks, ≥ 1
     * @param kernel rows and columns of the middle convolution of a block, odd
     * @param colors parts of the channels that are predicted one after the other within a pixel
     */
    public record Config(int in, int out, int width, int blocks, int kernel, int colors) {

        /** Checks the sizes; {@link MaskedConv2d.Config} checks the rest. */
        public Config {
            Check.that(blocks >= 1, "MaskedPixelCnn: blocks must be >= 1, got %d", blocks);
        }
    }

    private final MaskedConv2d first;
    private final List<ResidualBlock> blocks;
    private final MaskedConv2d hidden;
    private final MaskedConv2d last;

    /** Makes a network. */
    public MaskedPixelCnn(Config config, Rng rng) {
        int wide = 2 * config.width();
        int colors = config.colors();
        first = child(
                "first",
                new MaskedConv2d(new MaskedConv2d.Config(config.in(), wide, FIRST_KERNEL, Mask.A, colors), rng));
        blocks = children("blocks", config.blocks(), i -> new ResidualBlock(config, rng));
        hidden = child("hidden", new MaskedConv2d(new MaskedConv2d.Config(wide, wide, 1, Mask.B, colors), rng));
        last = child("last", new MaskedConv2d(new MaskedConv2d.Config(wide, config.out(), 1, Mask.B, colors), rng));
    }

    /** Returns predictions (B, H, W, out) for x (B, H, W, in). */
    @Override
    public Tensor forward(Tensor x) {
        Tensor h = first.forward(x); // (B, H, W, 2·width)
        for (ResidualBlock block : blocks) {
            h = block.forward(h);
        }
        return last.forward(hidden.forward(h.relu()).relu()); // (B, H, W, out)
    }

    /** {@code x + W₃ * relu(W₂ * relu(W₁ * relu(x)))} with kernels 1, k, 1: fig. 5, left. */
    private static final class ResidualBlock extends Layer {
        private final MaskedConv2d narrow;
        private final MaskedConv2d middle;
        private final MaskedConv2d widen;

        ResidualBlock(Config config, Rng rng) {
            narrow = child("narrow", conv(config, 2 * config.width(), config.width(), 1, rng));
            middle = child("middle", conv(config, config.width(), config.width(), config.kernel(), rng));
            widen = child("widen", conv(config, config.width(), 2 * config.width(), 1, rng));
        }

        private static MaskedConv2d conv(Config config, int in, int out, int kernel, Rng rng) {
            return new MaskedConv2d(new MaskedConv2d.Config(in, out, kernel, Mask.B, config.colors()), rng);
        }

        Tensor forward(Tensor x) {
            Tensor h = narrow.forward(x.relu()); // (B, H, W, width)
            h = middle.forward(h.relu());
            return widen.forward(h.relu()).add(x); // (B, H, W, 2·width)
        }
    }
}
