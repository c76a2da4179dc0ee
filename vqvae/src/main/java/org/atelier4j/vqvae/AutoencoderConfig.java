package org.atelier4j.vqvae;

import java.util.List;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Shape;

/**
 * Sizes of an {@link Encoder} and the {@link Decoder} that mirrors it.
 *
 * @param imageChannels C of the images, ≥ 1
 * @param base channels at full resolution, a multiple of {@code groups}
 * @param multipliers channels of each level over {@code base}; each level has half the resolution of the one before
 * @param blocks residual blocks per level of the encoder; the decoder has one more
 * @param groups groups of the group norms
 * @param attention whether pixels look at each other after each block of the lowest resolution; in the middle they always do
 * @param latentChannels D of the latents (h, w, D), ≥ 1
 */
public record AutoencoderConfig(
        int imageChannels,
        int base,
        List<Integer> multipliers,
        int blocks,
        int groups,
        boolean attention,
        int latentChannels) {

    /** Checks the sizes and copies the list. */
    public AutoencoderConfig {
        multipliers = List.copyOf(multipliers);
        Check.that(
                imageChannels >= 1 && latentChannels >= 1,
                "AutoencoderConfig: imageChannels and latentChannels must be >= 1, got %d and %d",
                imageChannels,
                latentChannels);
        Check.that(
                !multipliers.isEmpty() && multipliers.stream().allMatch(m -> m >= 1) && blocks >= 1,
                "AutoencoderConfig: multipliers (at least one) and blocks must be >= 1, got %s and %d",
                multipliers,
                blocks);
        Check.that(
                groups >= 1 && base >= 1 && base % groups == 0,
                "AutoencoderConfig: base must be a multiple of the groups, got %d and %d",
                base,
                groups);
    }

    /** Returns networks for Fashion-MNIST, 28×28 in gray → 7×7, small enough to be trained in minutes on one core. */
    public static AutoencoderConfig fashionMnist() {
        return new AutoencoderConfig(1, 16, List.of(1, 2, 3), 1, 8, false, 32);
    }

    /** Returns the autoencoder of Stable Diffusion, 512×512 → 64×64×4 (Rombach et al. 2021, arXiv:2112.10752, table 8). */
    public static AutoencoderConfig stableDiffusion() {
        return new AutoencoderConfig(3, 128, List.of(1, 2, 4, 4), 2, 32, false, 4);
    }

    /** Returns the VQGAN of ImageNet, 256×256 → 16×16×256 (Esser et al. 2020, arXiv:2012.09841, table 8). */
    public static AutoencoderConfig vqGan() {
        return new AutoencoderConfig(3, 128, List.of(1, 1, 2, 2, 4), 2, 32, true, 256);
    }

    /** Returns the same with another width at full resolution. */
    public AutoencoderConfig withBase(int channels) {
        return new AutoencoderConfig(imageChannels, channels, multipliers, blocks, groups, attention, latentChannels);
    }

    /** Returns the same for other images. */
    public AutoencoderConfig withImageChannels(int channels) {
        return new AutoencoderConfig(channels, base, multipliers, blocks, groups, attention, latentChannels);
    }

    /** Returns the same with other latents. */
    public AutoencoderConfig withLatentChannels(int channels) {
        return new AutoencoderConfig(imageChannels, base, multipliers, blocks, groups, attention, channels);
    }

    /** Returns the number of resolutions. */
    public int levels() {
        return multipliers.size();
    }

    /** Returns f, the image's side over that of its latents: {@code 2^(levels − 1)}. */
    public int factor() {
        return 1 << (levels() - 1);
    }

    /**
     * Returns the height and width of the latents of images.
     *
     * @param image (H, W, C)
     * @throws IllegalArgumentException if the images do not fit
     */
    public Shape latentSize(Shape image) {
        Check.shape(
                image.rank() == 3
                        && image.dim(2) == imageChannels
                        && image.dim(0) % factor() == 0
                        && image.dim(1) % factor() == 0
                        && image.size() > 0,
                "autoencoder: images must be (H, W, %d) with H and W multiples of %d, got %s",
                imageChannels,
                factor(),
                image);
        return Shape.of(image.dim(0) / factor(), image.dim(1) / factor());
    }

    /** Returns the channels at a level, 0 being full resolution. */
    int at(int level) {
        return base * multipliers.get(level);
    }

    /** Returns the channels of the lowest resolution. */
    int deepest() {
        return at(levels() - 1);
    }

    /** Returns whether the blocks of a level are followed by attention. */
    boolean attendsAt(int level) {
        return attention && level == levels() - 1;
    }
}
