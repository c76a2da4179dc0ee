package org.atelier4j.diffusion.unet;

import java.util.List;
import org.atelier4j.diffusion.Condition;
import org.atelier4j.nn.Layer;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;

/** The lowest resolution: residual block, attention, residual block. */
final class MidBlock extends Layer {
    private final List<ResidualBlock> resnets;
    private final List<AttentionBlock> attentions;

    MidBlock(UNetConfig config, Rng rng) {
        int width = config.channels().at(config.channels().levels() - 1);
        resnets = children("resnets", 2, i -> new ResidualBlock(width, width, config, rng.split("resnets." + i)));
        attentions = children("attentions", 1, i -> new AttentionBlock(width, config, rng.split("attentions." + i)));
    }

    Tensor forward(Tensor x, Tensor embedding, Condition condition) {
        Tensor h = resnets.get(0).forward(x, embedding); // (B, H, W, C)
        h = attentions.get(0).forward(h, condition);
        return resnets.get(1).forward(h, embedding);
    }
}
