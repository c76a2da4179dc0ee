package org.atelier4j.vqvae;

import java.util.List;
import org.atelier4j.nn.Conv2d;
import org.atelier4j.nn.ConvConfig;
import org.atelier4j.nn.GroupNorm;
import org.atelier4j.nn.Init;
import org.atelier4j.nn.Layer;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;

/**
 * Judges patches instead of whole images: Isola et al. 2017, "Image-to-Image Translation with Conditional Adversarial
 * Networks" (arXiv:1611.07004), sec. 3.2.2: images (B, H, W, C) → logits (B, h, w, 1), one for each overlapping patch,
 * high for real ones. Convolutions of kernel 4 and slope 0.2; the first {@code halvings} halve the size.
 *
 * <p>Differs from the paper: group norm stands in place of batch norm. A judgement then depends on its image alone, real
 * and reconstructed images need not be told apart by their batches, and the mode of the layer changes nothing.
 */
public final class PatchDiscriminator extends Layer {
    private static final double SLOPE = 0.2;
    private static final double DEVIATION = 0.02; // of initial weights, app. 6.2
    private static final int GROUPS = 8;

    /**
     * Sizes.
     *
     * @param channels C of the images, ≥ 1
     * @param width channels after the first convolution, a multiple of 8; they double until 8 times as many
     * @param halvings how often the size is halved, ≥ 1; patches are 16 pixels wide for 1, 34 for 2, 70 for 3
     */
    public record Config(int channels, int width, int halvings) {
        /** Checks the sizes. */
        public Config {
            Check.that(channels >= 1, "PatchDiscriminator: channels must be >= 1, got %d", channels);
            Check.that(
                    width >= GROUPS && width % GROUPS == 0,
                    "PatchDiscriminator: width must be a multiple of %d, got %d",
                    GROUPS,
                    width);
            Check.that(halvings >= 1, "PatchDiscriminator: halvings must be >= 1, got %d", halvings);
        }

        /** Returns the paper's sizes: 64 channels, patches of 70 pixels. */
        public static Config paper(int channels) {
            return new Config(channels, 64, 3);
        }

        /** Returns the number of channels after convolution i. */
        int width(int i) {
            return width << Math.min(i, 3);
        }
    }

    private final Config config;
    private final List<Conv2d> convs;
    private final List<GroupNorm> norms;
    private final Conv2d convOut;

    /** Makes a discriminator. */
    public PatchDiscriminator(Config config, Rng rng) {
        this.config = config;
        Rng random = rng.split("convs");
        convs = children("convs", config.halvings() + 1, i -> {
            int in = i == 0 ? config.channels() : config.width(i - 1);
            return conv(in, config.width(i), i < config.halvings() ? 2 : 1, random.split(i));
        });
        norms = children("norms", config.halvings(), i -> new GroupNorm(GROUPS, config.width(i + 1)));
        convOut = child("conv_out", conv(config.width(config.halvings()), 1, 1, rng.split("conv_out")));
    }

    private static Conv2d conv(int in, int out, int stride, Rng rng) {
        ConvConfig sizes = ConvConfig.of2d(in, out, 4).withStride(stride).withPadding(1);
        return new Conv2d(sizes.withInit(Init.normal(DEVIATION)), rng);
    }

    /** Returns logits (B, h, w, 1) for images (B, H, W, C) in [−1, 1]. */
    public Tensor forward(Tensor images) {
        int least = 3 << config.halvings(); // 3 pixels are left then, and the last two convolutions take one each
        Check.shape(
                images.rank() == 4
                        && images.dim(3) == config.channels()
                        && Math.min(images.dim(1), images.dim(2)) >= least,
                "PatchDiscriminator: images must have shape (B, H, W, %d) with H and W >= %d, got %s",
                config.channels(),
                least,
                images.shape());
        Tensor h = convs.get(0).forward(images).leakyRelu(SLOPE); // (B, H/2, W/2, width)
        for (int i = 1; i < convs.size(); i++) {
            h = norms.get(i - 1).forward(convs.get(i).forward(h)).leakyRelu(SLOPE); // (B, h, w, width(i))
        }
        return convOut.forward(h); // (B, h, w, 1)
    }
}
