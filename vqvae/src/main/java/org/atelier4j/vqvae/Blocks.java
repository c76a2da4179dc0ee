package org.atelier4j.vqvae;

import java.util.List;
import org.atelier4j.nn.Conv2d;
import org.atelier4j.nn.ConvConfig;
import org.atelier4j.nn.GroupNorm;
import org.atelier4j.nn.Layer;
import org.atelier4j.nn.Upsample;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** What encoder and decoder are built of: levels of one resolution, and the middle between the two networks. */
final class Blocks {
    private static final double EPS = 1e-6; // of all norms, as published

    private Blocks() {}

    /** Returns a group norm as the published networks have it. */
    static GroupNorm.Config norm(int groups, int channels) {
        return GroupNorm.Config.of(groups, channels).withEps(EPS);
    }

    /** Residual blocks at one resolution, {@code block.j}, each followed by attention, {@code attn.j}, where there is any. */
    abstract static class Level extends Layer {
        private final List<ResidualBlock> block;
        private final List<AttentionBlock> attn;

        Level(AutoencoderConfig config, int level, int in, int count, Rng rng) {
            int out = config.at(level);
            int groups = config.groups();
            block = children(
                    "block", count, j -> new ResidualBlock(j == 0 ? in : out, out, groups, rng.split("block." + j)));
            attn = children(
                    "attn",
                    config.attendsAt(level) ? count : 0,
                    j -> new AttentionBlock(out, groups, rng.split("attn." + j)));
        }

        final Tensor blocks(Tensor x) {
            Tensor h = x; // (B, H, W, in)
            for (int j = 0; j < block.size(); j++) {
                h = block.get(j).forward(h); // (B, H, W, out)
                h = attn.isEmpty() ? h : attn.get(j).forward(h);
            }
            return h;
        }
    }

    /** A level of the encoder; all but the last halve the resolution by a convolution of stride 2. */
    static final class Down extends Level {
        private final @Nullable Halve downsample;

        Down(AutoencoderConfig config, int level, Rng rng) {
            super(config, level, level == 0 ? config.base() : config.at(level - 1), config.blocks(), rng);
            boolean last = level == config.levels() - 1;
            downsample = last ? null : child("downsample", new Halve(config.at(level), rng.split("downsample")));
        }

        Tensor forward(Tensor x) {
            Tensor h = blocks(x); // (B, H, W, out)
            return downsample == null ? h : downsample.forward(h); // (B, H/2, W/2, out)
        }
    }

    /** A level of the decoder, numbered as the encoder's; all but level 0 double the resolution. */
    static final class Up extends Level {
        private final @Nullable Upsample upsample;

        Up(AutoencoderConfig config, int level, Rng rng) {
            super(config, level, in(config, level), config.blocks() + 1, rng);
            upsample =
                    level == 0 ? null : child("upsample", Upsample.withConv(config.at(level), rng.split("upsample")));
        }

        private static int in(AutoencoderConfig config, int level) {
            return config.at(Math.min(level + 1, config.levels() - 1));
        }

        Tensor forward(Tensor x) {
            Tensor h = blocks(x); // (B, H, W, out)
            return upsample == null ? h : upsample.forward(h); // (B, 2H, 2W, out)
        }
    }

    /** The middle: a block, attention, a block, all at the lowest resolution. */
    static final class Middle extends Layer {
        private final ResidualBlock block1;
        private final AttentionBlock attn1;
        private final ResidualBlock block2;

        Middle(AutoencoderConfig config, Rng rng) {
            int channels = config.deepest();
            int groups = config.groups();
            block1 = child("block_1", new ResidualBlock(channels, channels, groups, rng.split("block_1")));
            attn1 = child("attn_1", new AttentionBlock(channels, groups, rng.split("attn_1")));
            block2 = child("block_2", new ResidualBlock(channels, channels, groups, rng.split("block_2")));
        }

        Tensor forward(Tensor x) {
            return block2.forward(attn1.forward(block1.forward(x))); // (B, h, w, C)
        }
    }

    /**
     * Half the size by a 3×3 convolution of stride 2 over an image with one row of zeros below and one column at the right:
     * where the published networks put them, unlike {@link org.atelier4j.nn.Downsample}.
     */
    static final class Halve extends Layer {
        private final Conv2d conv;

        Halve(int channels, Rng rng) {
            ConvConfig config =
                    ConvConfig.of2d(channels, channels, 3).withStride(2).withPadding(0);
            conv = child("conv", new Conv2d(config, rng.split("conv")));
        }

        Tensor forward(Tensor x) {
            return conv.forward(x.pad(1, 0, 1).pad(2, 0, 1)); // (B, H/2, W/2, C)
        }
    }
}
