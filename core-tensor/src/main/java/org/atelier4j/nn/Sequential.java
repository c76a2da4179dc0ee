package org.atelier4j.nn;

import java.util.List;
import org.atelier4j.tensor.Tensor;

/** Layers one after the other; the i-th is the child {@code i}, as in PyTorch: {@code 0.weight}, {@code 2.bias}. */
public final class Sequential extends UnaryLayer {
    private final List<UnaryLayer> layers;

    /** Makes a chain; give each layer a stream of its own, as {@code rng.split(0)}. */
    public Sequential(UnaryLayer... layers) {
        this.layers = List.of(layers);
        for (int i = 0; i < layers.length; i++) {
            child(Integer.toString(i), layers[i]);
        }
    }

    /** Returns what the last layer makes of what the others made of x; x itself if there are none. */
    @Override
    public Tensor forward(Tensor x) {
        Tensor h = x;
        for (UnaryLayer layer : layers) {
            h = layer.forward(h);
        }
        return h;
    }
}
