package org.atelier4j.nn;

import org.atelier4j.tensor.Rng;

/** Convolution of volumes: (B, D, H, W, in) → (B, D', H', W', out). Parameters {@code weight} (out, in/groups, kD, kH, kW), {@code bias} (out). */
public final class Conv3d extends Convolutional {

    /** Makes a layer with bias and PyTorch's initial values. */
    public Conv3d(int in, int out, int kernel, int stride, int padding, Rng rng) {
        this(ConvConfig.of3d(in, out, kernel).withStride(stride).withPadding(padding), rng);
    }

    /** Makes a layer; the config must have 3 spatial axes. */
    public Conv3d(ConvConfig config, Rng rng) {
        super(3, config, rng);
    }
}
