package org.atelier4j.diffusion.unet;

import java.util.Deque;
import java.util.List;
import org.atelier4j.diffusion.Condition;
import org.atelier4j.nn.Layer;
import org.atelier4j.nn.Upsample;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;

/**
 * One level on the way up: residual blocks over what comes from below beside what was met on the way down, attention where
 * configured, and twice the resolution but at the first level.
 */
final class UpBlock extends Layer {
    private final List<ResidualBlock> resnets;
    private final List<AttentionBlock> attentions;
    private final List<Upsample> upsamplers;

    UpBlock(UNetConfig config, int level, Rng rng) {
        UNetConfig.Channels channels = config.channels();
        int count = channels.blocks() + 1;
        int out = channels.at(level);
        int below = channels.at(Math.min(level + 1, channels.levels() - 1));
        int above = level == 0 ? channels.base() : channels.at(level - 1);
        resnets = children("resnets", count, i -> {
            int in = i == 0 ? below : out;
            int skip = i == count - 1 ? above : out; // the last one entered this level on the way down
            return new ResidualBlock(in + skip, out, config, rng.split("resnets." + i));
        });
        attentions = children(
                "attentions",
                config.attendsAt(level) ? count : 0,
                i -> new AttentionBlock(out, config, rng.split("attentions." + i)));
        upsamplers =
                children("upsamplers", level == 0 ? 0 : 1, i -> Upsample.withConv(out, rng.split("upsamplers." + i)));
    }

    /** Returns the features for the level above; skip features are popped. */
    Tensor forward(Tensor x, Tensor embedding, Condition condition, Deque<Tensor> skips) {
        Tensor h = x;
        for (int i = 0; i < resnets.size(); i++) {
            h = resnets.get(i).forward(h.concat(skips.pop(), 3), embedding); // (B, H, W, C)
            h = attentions.isEmpty() ? h : attentions.get(i).forward(h, condition);
        }
        for (Upsample twice : upsamplers) {
            h = twice.forward(h); // (B, 2H, 2W, C)
        }
        return h;
    }
}
