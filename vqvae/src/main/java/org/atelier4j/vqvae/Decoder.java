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
 * Features (B, h, w, D) → images (B, f·h, f·w, C): the mirror image of the {@link Encoder}, from the same papers.
 *
 * <p>Parameters are named as in their checkpoints: {@code conv_in}, {@code mid.block_1}, {@code up.0.block.0.norm1},
 * {@code up.1.upsample.conv} (0 is full resolution, which comes last), {@code norm_out}, {@code conv_out}.
 */
public final class Decoder extends Layer {
    private final Conv2d convIn;
    private final Blocks.Middle mid;
    private final List<Blocks.Up> up;
    private final GroupNorm normOut;
    private final Conv2d convOut;

    /** Makes a network with random weights. */
    public Decoder(AutoencoderConfig config, Rng rng) {
        convIn = child(
                "conv_in",
                new Conv2d(ConvConfig.of2d(config.latentChannels(), config.deepest(), 3), rng.split("conv_in")));
        mid = child("mid", new Blocks.Middle(config, rng.split("mid")));
        up = children("up", config.levels(), i -> new Blocks.Up(config, i, rng.split("up." + i)));
        normOut = child(
                "norm_out",
                new GroupNorm(Blocks.norm(config.groups(), config.at(0)).withSilu()));
        convOut = child(
                "conv_out",
                new Conv2d(ConvConfig.of2d(config.at(0), config.imageChannels(), 3), rng.split("conv_out")));
    }

    /**
     * Returns images (B, f·h, f·w, C), in about [−1, 1].
     *
     * @param latents (B, h, w, D)
     */
    public Tensor forward(Tensor latents) {
        Check.rank("Decoder: latents", 4, "(B, h, w, D)", latents);
        Tensor h = mid.forward(convIn.forward(latents)); // (B, h, w, C)
        for (int i = up.size() - 1; i >= 0; i--) {
            h = up.get(i).forward(h); // (B, H/2ⁱ⁻¹, W/2ⁱ⁻¹, Cᵢ)
        }
        return convOut.forward(normOut.forward(h)); // (B, H, W, C)
    }

    /** Returns the weight of the last layer, whose gradients weigh an adversarial loss against the others. */
    public Tensor lastWeight() {
        return convOut.weight();
    }
}
