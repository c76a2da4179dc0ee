package org.atelier4j.diffusion.unet;

import java.util.List;
import org.atelier4j.tensor.Check;

/**
 * Sizes of a {@link UNet}.
 *
 * @param images what goes in and comes out
 * @param channels how wide and deep it is
 * @param attention where and how pixels look at each other
 * @param conditions what it can be told
 * @param dropout probability of dropping an element within a residual block, in [0, 1)
 */
public record UNetConfig(Images images, Channels channels, Attention attention, Conditions conditions, double dropout) {

    /**
     * The images.
     *
     * @param height pixels, a multiple of {@code 2^(levels − 1)}
     * @param width pixels, likewise
     * @param in channels of the noisy image
     * @param out channels of the prediction
     */
    public record Images(int height, int width, int in, int out) {
        /** Checks the sizes. */
        public Images {
            Check.that(
                    height >= 1 && width >= 1 && in >= 1 && out >= 1,
                    "UNetConfig: height, width, in and out must be >= 1, got %d, %d, %d and %d",
                    height,
                    width,
                    in,
                    out);
        }
    }

    /**
     * Width and depth.
     *
     * @param base channels at full resolution, a multiple of {@code groups}
     * @param multipliers channels of each level over {@code base}; each level has half the resolution of the one before
     * @param blocks residual blocks per level on the way down; one more on the way up
     * @param groups groups of the group norms
     */
    public record Channels(int base, List<Integer> multipliers, int blocks, int groups) {
        /** Checks the sizes and copies the list. */
        public Channels {
            multipliers = List.copyOf(multipliers);
            Check.that(
                    !multipliers.isEmpty() && multipliers.stream().allMatch(m -> m >= 1) && blocks >= 1,
                    "UNetConfig: multipliers (at least one) and blocks must be >= 1, got %s and %d",
                    multipliers,
                    blocks);
            Check.that(
                    base >= 4 && base % 2 == 0 && groups >= 1 && base % groups == 0,
                    "UNetConfig: base must be even, >= 4 and a multiple of the groups, got %d and %d",
                    base,
                    groups);
        }

        /** Returns the number of resolutions. */
        public int levels() {
            return multipliers.size();
        }

        /** Returns the channels at a level, 0 being full resolution. */
        public int at(int level) {
            return base * multipliers.get(level);
        }
    }

    /**
     * Self-attention.
     *
     * @param resolutions heights of the feature maps that have it, as 16; the middle of the network always does
     * @param heads number of heads, a divisor of the channels where it is used
     */
    public record Attention(List<Integer> resolutions, int heads) {
        /** Checks the sizes and copies the list. */
        public Attention {
            resolutions = List.copyOf(resolutions);
            Check.that(heads >= 1, "UNetConfig: heads must be >= 1, got %d", heads);
        }
    }

    /**
     * What the network can be told beside the time.
     *
     * @param classes K, so that labels 0 to K − 1 are classes and K means none; 0 for a network without classes
     * @param contextWidth D of the tokens (B, T, D) that attention blocks also look at; 0 for none
     */
    public record Conditions(int classes, int contextWidth) {
        /** Checks the sizes. */
        public Conditions {
            Check.that(
                    classes >= 0 && contextWidth >= 0,
                    "UNetConfig: classes and contextWidth must be >= 0, got %d and %d",
                    classes,
                    contextWidth);
        }
    }

    /** Checks that everything fits together. */
    public UNetConfig {
        int step = 1 << (channels.levels() - 1);
        Check.that(
                images.height() % step == 0 && images.width() % step == 0,
                "UNetConfig: height and width must be multiples of %d for %d levels, got %d and %d",
                step,
                channels.levels(),
                images.height(),
                images.width());
        for (int level = 0; level < channels.levels(); level++) {
            boolean middle = level == channels.levels() - 1;
            boolean attends = middle || attention.resolutions().contains(images.height() >> level);
            Check.that(
                    !attends || channels.at(level) % attention.heads() == 0,
                    "UNetConfig: heads must divide the %d channels at level %d, got %d",
                    channels.at(level),
                    level,
                    attention.heads());
        }
        for (int resolution : attention.resolutions()) {
            boolean met = false;
            for (int level = 0; level < channels.levels(); level++) {
                met |= images.height() >> level == resolution;
            }
            Check.that(
                    met,
                    "UNetConfig: attention resolutions must be among %d, halved up to %d times, got %d",
                    images.height(),
                    channels.levels() - 1,
                    resolution);
        }
        Check.that(dropout >= 0 && dropout < 1, "UNetConfig: dropout must lie in [0, 1), got %s", dropout);
    }

    /** Returns a small class-conditional network for Fashion-MNIST, 28×28 in gray: 1.2 million parameters. */
    public static UNetConfig fashionMnist() {
        return new UNetConfig(
                new Images(28, 28, 1, 1),
                new Channels(32, List.of(1, 2, 2), 1, 8),
                new Attention(List.of(14, 7), 1),
                new Conditions(10, 0),
                0);
    }

    /** Returns the network of the benchmarks: 32×32 in gray, attention at 16 and 8, no classes. */
    public static UNetConfig benchmark() {
        return new UNetConfig(
                new Images(32, 32, 1, 1),
                new Channels(64, List.of(1, 2, 2), 2, 32),
                new Attention(List.of(16, 8), 1),
                new Conditions(0, 0),
                0);
    }

    /**
     * Returns the CIFAR-10 network of Ho et al. 2020, appendix B: 35.7 million parameters there. Ours has some more, as
     * the time enters by scale and shift instead of by addition.
     */
    public static UNetConfig paper() {
        return new UNetConfig(
                new Images(32, 32, 3, 3),
                new Channels(128, List.of(1, 2, 2, 2), 2, 32),
                new Attention(List.of(16), 1),
                new Conditions(0, 0),
                0.1);
    }

    /** Returns the same with another width at full resolution. */
    public UNetConfig withBase(int base) {
        Channels wider = new Channels(base, channels.multipliers(), channels.blocks(), channels.groups());
        return new UNetConfig(images, wider, attention, conditions, dropout);
    }

    /** Returns the same for other conditions. */
    public UNetConfig withConditions(int classes, int contextWidth) {
        return new UNetConfig(images, channels, attention, new Conditions(classes, contextWidth), dropout);
    }

    /** Returns whether feature maps of a level have attention on the way down and up. */
    boolean attendsAt(int level) {
        return attention.resolutions().contains(images.height() >> level);
    }

    /** Returns the width of the vector that tells blocks the time and the class. */
    int embeddingWidth() {
        return 4 * channels.base();
    }
}
