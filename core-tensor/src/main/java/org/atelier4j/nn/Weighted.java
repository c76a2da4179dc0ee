package org.atelier4j.nn;

import org.atelier4j.tensor.Tensor;

/** A layer that is linear in one weight, which may be replaced for one call: what {@link SpectralNorm} wraps. */
public sealed interface Weighted permits Linear, Convolutional, ConvTranspose2d {

    /** Returns the trained weight. */
    Tensor weight();

    /** Returns the axis of {@link #weight} that counts the outputs. */
    int outputAxis();

    /** Returns the layer's output with {@code weight} in place of its own. */
    Tensor forwardWith(Tensor weight, Tensor x);
}
