package org.atelier4j.nn;

import org.atelier4j.tensor.Rng;

/** Convolution of sequences: (B, T, in) → (B, T', out). Parameters {@code weight} (out, in/groups, k), {@code bias} (out). */
public final class Conv1d extends Convolutional {

    /** Makes a layer with bias and PyTorch's initial values. */
    public Conv1d(int in, int out, int kernel, int stride, int padding, Rng rng) {
        this(ConvConfig.of1d(in, out, kernel).withStride(stride).withPadding(padding), rng);
    }

    /** Makes a layer; the config must have 1 spatial axis. */
    public Conv1d(ConvConfig config, Rng rng) {
        super(1, config, rng);
    }
}
