package org.atelier4j.nn;

import org.atelier4j.tensor.Tensor;

/** A {@link Layer} that turns one tensor into one tensor, so that it can stand in a {@link Sequential}. */
public abstract class UnaryLayer extends Layer {

    /** Starts a layer without children. */
    protected UnaryLayer() {}

    /** Returns the layer's output for {@code x}. */
    public abstract Tensor forward(Tensor x);
}
