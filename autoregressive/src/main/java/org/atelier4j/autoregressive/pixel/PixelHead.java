package org.atelier4j.autoregressive.pixel;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Tensor;

/** What the numbers mean that a network gives for a pixel: a law over values in [0, levels) for each of its channels. */
public sealed interface PixelHead permits CategoricalHead, DiscretizedLogisticMixture {

    /** Returns C, the channels of a pixel. */
    int channels();

    /** Returns K, how many values a channel has. */
    int levels();

    /** Returns P, how many numbers the network must give for a pixel. */
    int outputs();

    /**
     * Returns how many parts the network's channels must have: C where the network itself predicts one color from another,
     * 1 where the head does or there is one channel only.
     */
    int colors();

    /**
     * Returns {@code −log p} of each pixel in nats, (B, H, W).
     *
     * @param parameters (B, H, W, P)
     * @param values INT32 (B, H, W, C) in [0, K)
     */
    Tensor nats(Tensor parameters, Tensor values);

    /**
     * Returns logits (N, K) of the law of one channel, given the channels before it.
     *
     * @param parameters (N, P)
     * @param values INT32 (N, C), of which only the channels before {@code channel} are looked at
     */
    Tensor logits(Tensor parameters, Tensor values, int channel);

    /** Returns a softmax over all levels of each channel. */
    static PixelHead categorical(int channels, int levels) {
        return new CategoricalHead(channels, levels);
    }

    /** Returns a mixture of logistics. */
    static PixelHead mixture(int channels, int levels, int components) {
        return new DiscretizedLogisticMixture(channels, levels, components);
    }

    /** Checks what {@link #nats} is given. */
    static void check(PixelHead head, Tensor parameters, Tensor values) {
        Check.dtype("PixelHead: values", DType.INT32, values);
        Check.shape(
                values.rank() == 4
                        && values.dim(3) == head.channels()
                        && parameters.shape().equals(values.shape().with(3, head.outputs())),
                "PixelHead: parameters and values must be (B, H, W, %d) and (B, H, W, %d), got %s and %s",
                head.outputs(),
                head.channels(),
                parameters.shape(),
                values.shape());
    }
}
