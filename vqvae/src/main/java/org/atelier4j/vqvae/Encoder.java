package org.atelier4j.vqvae;

import java.util.List;
import org.atelier4j.nn.Conv2d;
import org.atelier4j.nn.ConvConfig;
import org.atelier4j.nn.GroupNorm;
import org.atelier4j.nn.Layer;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;

/**
 * Images (B, H, W, C) → features (B, H/f, W/f, out): the convolutional encoder of Esser et al. 2020, "Taming Transformers"
 * (arXiv:2012.09841, table 7), which Stable Diffusion's autoencoder shares (Rombach et al. 2021, arXiv:2112.10752).
 *
 * <p>Parameters are named as in their checkpoints: {@code conv_in}, {@code down.0.block.0.norm1}, {@code down.0.downsample.conv},
 * {@code mid.block_1}, {@code mid.attn_1}, {@code norm_out}, {@code conv_out}.
 */
public final class Encoder extends Layer {
    private final AutoencoderConfig config;
    private final Conv2d convIn;
    private final List<Blocks.Down> down;
    private final Blocks.Middle mid;
    private final GroupNorm normOut;
    private final Conv2d convOut;

    /**
     * Makes a network with random weights.
     *
     * @param out channels of the features: D, or 2D where they are means and variances
     */
    public Encoder(AutoencoderConfig config, int out, Rng rng) {
        this.config = config;
        convIn = child(
                "conv_in", new Conv2d(ConvConfig.of2d(config.imageChannels(), config.base(), 3), rng.split("conv_in")));
        down = children("down", config.levels(), i -> new Blocks.Down(config, i, rng.split("down." + i)));
        mid = child("mid", new Blocks.Middle(config, rng.split("mid")));
        normOut = child(
                "norm_out",
                new GroupNorm(Blocks.norm(config.groups(), config.deepest()).withSilu()));
        convOut = child("conv_out", new Conv2d(ConvConfig.of2d(config.deepest(), out, 3), rng.split("conv_out")));
    }

    /**
     * Returns features (B, H/f, W/f, out).
     *
     * @param images (B, H, W, C), H and W multiples of f
     */
    public Tensor forward(Tensor images) {
        Check.rank("Encoder: images", 4, "(B, H, W, C)", images);
        config.latentSize(images.shape().drop(0));
        Tensor h = convIn.forward(images); // (B, H, W, base)
        for (Blocks.Down level : down) {
            h = level.forward(h); // (B, H/2ⁱ, W/2ⁱ, Cᵢ)
        }
        return convOut.forward(normOut.forward(mid.forward(h))); // (B, H/f, W/f, out)
    }
}
