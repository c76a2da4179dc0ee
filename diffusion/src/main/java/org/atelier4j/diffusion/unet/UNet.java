package org.atelier4j.diffusion.unet;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.atelier4j.diffusion.Condition;
import org.atelier4j.nn.Conv2d;
import org.atelier4j.nn.ConvConfig;
import org.atelier4j.nn.Embedding;
import org.atelier4j.nn.GroupNorm;
import org.atelier4j.nn.Init;
import org.atelier4j.nn.Layer;
import org.atelier4j.nn.SinusoidalEmbedding;
import org.atelier4j.nn.TimestepEmbedding;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The network of diffusion models: noisy images (B, H, W, in) and times (B) → predictions (B, H, W, out).
 *
 * <p>Residual blocks at falling resolutions, a middle, residual blocks at rising resolutions that also see the features
 * of the way down: Ho et al. 2020 (arXiv:2006.11239), appendix B, after Ronneberger et al. 2015 (arXiv:1505.04597). Time
 * and class enter by adaptive group norm (Dhariwal, Nichol 2021, arXiv:2105.05233), a context by cross-attention. The
 * last convolution starts at 0: a new network predicts 0.
 *
 * <p>Parameters are named as in the diffusers library's {@code UNet2DModel}: {@code conv_in},
 * {@code time_embedding.linear_1}, {@code class_embedding}, {@code down_blocks.0.resnets.0.conv1},
 * {@code down_blocks.0.attentions.0.…}, {@code down_blocks.0.downsamplers.0.conv}, {@code mid_block.resnets.0.…},
 * {@code up_blocks.0.…} (0 is the lowest resolution), {@code conv_norm_out}, {@code conv_out}. Within an attention block
 * the names are ours ({@link AttentionBlock}).
 *
 * <p>{@code unet::forward} is a {@link org.atelier4j.diffusion.Denoiser}.
 */
public final class UNet extends Layer {
    private final UNetConfig config;
    private final Conv2d convIn;
    private final TimestepEmbedding timeEmbedding;
    private final @Nullable Embedding classEmbedding;
    private final List<DownBlock> downBlocks;
    private final MidBlock midBlock;
    private final List<UpBlock> upBlocks;
    private final GroupNorm convNormOut;
    private final Conv2d convOut;

    /** Makes a network with random weights. */
    public UNet(UNetConfig config, Rng rng) {
        this.config = config;
        int base = config.channels().base();
        int levels = config.channels().levels();
        int classes = config.conditions().classes();
        int width = config.embeddingWidth();
        int first = config.images().in();
        convIn = child("conv_in", new Conv2d(ConvConfig.of2d(first, base, 3), rng.split("conv_in")));
        SinusoidalEmbedding waves = SinusoidalEmbedding.guidedDiffusion(base);
        timeEmbedding = child("time_embedding", new TimestepEmbedding(waves, width, rng.split("time_embedding")));
        classEmbedding = classes == 0
                ? null
                : child("class_embedding", new Embedding(classes + 1, width, rng.split("class_embedding")));
        downBlocks = children("down_blocks", levels, i -> new DownBlock(config, i, rng.split("down_blocks." + i)));
        midBlock = child("mid_block", new MidBlock(config, rng.split("mid_block")));
        upBlocks = children("up_blocks", levels, i -> new UpBlock(config, levels - 1 - i, rng.split("up_blocks." + i)));
        convNormOut = child(
                "conv_norm_out",
                new GroupNorm(
                        GroupNorm.Config.of(config.channels().groups(), base).withSilu()));
        ConvConfig last = ConvConfig.of2d(base, config.images().out(), 3).withInit(Init.zeros());
        convOut = child("conv_out", new Conv2d(last, rng.split("conv_out")));
    }

    /** Returns the sizes. */
    public UNetConfig config() {
        return config;
    }

    /**
     * Returns predictions (B, H, W, out).
     *
     * @param x noisy images (B, H, W, in)
     * @param time one number per image (B), as a timestep in [0, 1000)
     * @param condition for B images; a network with classes takes none as "no class" for all
     */
    public Tensor forward(Tensor x, Tensor time, Condition condition) {
        check(x, time, condition);
        Tensor embedding = embed(x, time, condition).silu(); // (B, E)
        Deque<Tensor> skips = new ArrayDeque<>();
        Tensor h = convIn.forward(x); // (B, H, W, base)
        skips.push(h);
        for (DownBlock block : downBlocks) {
            h = block.forward(h, embedding, condition, skips); // (B, H/2ⁱ, W/2ⁱ, Cᵢ)
        }
        h = midBlock.forward(h, embedding, condition);
        for (UpBlock block : upBlocks) {
            h = block.forward(h, embedding, condition, skips);
        }
        return convOut.forward(convNormOut.forward(h)); // (B, H, W, out)
    }

    private Tensor embed(Tensor x, Tensor time, Condition condition) {
        Tensor embedding = timeEmbedding.forward(time); // (B, E)
        if (classEmbedding != null) {
            Tensor labels = condition.labels();
            if (labels == null) {
                int[] none = new int[x.dim(0)];
                java.util.Arrays.fill(none, config.conditions().classes());
                labels = Tensor.of(none, none.length);
            }
            embedding = embedding.add(classEmbedding.forward(labels).to(embedding.dtype()));
        }
        return embedding.to(x.dtype());
    }

    private void check(Tensor x, Tensor time, Condition condition) {
        UNetConfig.Images images = config.images();
        Check.shape(
                x.rank() == 4 && x.dim(1) == images.height() && x.dim(2) == images.width() && x.dim(3) == images.in(),
                "UNet: x must be (B, H, W, C) = (B, %d, %d, %d), got %s",
                images.height(),
                images.width(),
                images.in(),
                x.shape());
        Check.shape(
                time.rank() == 1 && time.dim(0) == x.dim(0),
                "UNet: time must be (B) = [%d], got %s",
                x.dim(0),
                time.shape());
        condition.checkedFor(x.dim(0));
        int classes = config.conditions().classes();
        int width = config.conditions().contextWidth();
        Tensor labels = condition.labels();
        Tensor context = condition.context();
        Check.that(labels == null || classes > 0, "UNet: labels must not be given to a network without classes");
        Check.shape(
                context == null || width > 0 && context.dim(2) == width,
                "UNet: context must be (B, T, %d), got %s",
                width,
                context == null ? null : context.shape());
        if (labels != null) {
            Check.indices(
                    labels, classes + 1, "UNet: labels must lie in [0, %d], %d meaning no class", classes, classes);
        }
    }
}
