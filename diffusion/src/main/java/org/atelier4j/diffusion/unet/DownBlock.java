package org.atelier4j.diffusion.unet;

import java.util.Deque;
import java.util.List;
import org.atelier4j.diffusion.Condition;
import org.atelier4j.nn.Downsample;
import org.atelier4j.nn.Layer;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;

/** One level on the way down: residual blocks, attention where configured, and half the resolution but at the last level. */
final class DownBlock extends Layer {
    private final List<ResidualBlock> resnets;
    private final List<AttentionBlock> attentions;
    private final List<Downsample> downsamplers;

    DownBlock(UNetConfig config, int level, Rng rng) {
        UNetConfig.Channels channels = config.channels();
        int out = channels.at(level);
        int before = level == 0 ? channels.base() : channels.at(level - 1);
        resnets = children(
                "resnets",
                channels.blocks(),
                i -> new ResidualBlock(i == 0 ? before : out, out, config, rng.split("resnets." + i)));
        attentions = children(
                "attentions",
                config.attendsAt(level) ? channels.blocks() : 0,
                i -> new AttentionBlock(out, config, rng.split("attentions." + i)));
        downsamplers = children(
                "downsamplers",
                level == channels.levels() - 1 ? 0 : 1,
                i -> Downsample.withConv(out, rng.split("downsamplers." + i)));
    }

    /** Returns the features for the next level; every result on the way is pushed to {@code skips}. */
    Tensor forward(Tensor x, Tensor embedding, Condition condition, Deque<Tensor> skips) {
        Tensor h = x;
        for (int i = 0; i < resnets.size(); i++) {
            h = resnets.get(i).forward(h, embedding); // (B, H, W, C)
            h = attentions.isEmpty() ? h : attentions.get(i).forward(h, condition);
            skips.push(h);
        }
        for (Downsample half : downsamplers) {
            h = half.forward(h); // (B, H/2, W/2, C)
            skips.push(h);
        }
        return h;
    }
}
