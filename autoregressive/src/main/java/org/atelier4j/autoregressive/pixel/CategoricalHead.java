package org.atelier4j.autoregressive.pixel;

import org.atelier4j.nn.Losses;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;

/**
 * A softmax over all K levels of each channel, which knows nothing of their order (van den Oord et al. 2016,
 * arXiv:1601.06759, sec. 3.3). The parameters of a pixel are the logits of its first channel, of its second, and so on; that
 * one color depends on those before it is the masks' work.
 *
 * @param channels C ≥ 1
 * @param levels K ≥ 2
 */
public record CategoricalHead(int channels, int levels) implements PixelHead {

    /** Checks the sizes. */
    public CategoricalHead {
        Check.that(
                channels >= 1 && levels >= 2,
                "CategoricalHead: channels must be >= 1 and levels >= 2, got %d and %d",
                channels,
                levels);
    }

    @Override
    public int outputs() {
        return channels * levels;
    }

    @Override
    public int colors() {
        return channels;
    }

    @Override
    public Tensor nats(Tensor parameters, Tensor values) {
        PixelHead.check(this, parameters, values);
        Tensor logits =
                parameters.reshape(values.dim(0), values.dim(1), values.dim(2), channels, levels); // (B, H, W, C, K)
        Tensor each = Losses.crossEntropies(logits, values, Losses.ClassTargets.PLAIN); // (B, H, W, C)
        return channels == 1 ? each.squeeze(3) : each.sum(3).squeeze(3);
    }

    @Override
    public Tensor logits(Tensor parameters, Tensor values, int channel) {
        return parameters.slice(-1, channel * levels, levels);
    }
}
