package org.atelier4j.nn;

import org.atelier4j.tensor.Rng;

/** Convolution of images: (B, H, W, in) → (B, H', W', out). Parameters {@code weight} (out, in/groups, kH, kW), {@code bias} (out). */
public final class Conv2d extends Convolutional {

    /** Makes a layer with bias and PyTorch's initial values. */
    public Conv2d(int in, int out, int kernel, int stride, int padding, Rng rng) {
        this(ConvConfig.of2d(in, out, kernel).withStride(stride).withPadding(padding), rng);
    }

    /** Makes a layer; the config must have 2 spatial axes. */
    public Conv2d(ConvConfig config, Rng rng) {
        super(2, config, rng);
    }
}
