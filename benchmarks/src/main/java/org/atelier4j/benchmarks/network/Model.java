package org.atelier4j.benchmarks.network;

import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.atelier4j.nn.Layer;
import org.atelier4j.tensor.Tensor;

/** A network of the library on one batch: what a user would write to train it and to run it. */
public abstract class Model {
    private final Layer layer;

    /**
     * What some of the parameters shall minimize.
     *
     * @param name of the loss
     * @param parameters by path
     * @param loss computes it, recorded
     */
    public record Objective(String name, Map<String, Tensor> parameters, Supplier<Tensor> loss) {}

    /** Takes over a network and gives it the weights that all engines share. */
    protected Model(Layer layer) {
        this.layer = layer;
        Weights weights = Weights.of(layer);
        layer.state().forEach((path, p) -> {
            if (p.dtype().isFloating()) {
                p.assign(Tensor.of(weights.value(path), p.shape().dims()));
            }
        });
    }

    /** Returns the whole network. */
    public final Layer layer() {
        return layer;
    }

    /** Returns what the network is used for, computed from the batch. */
    public abstract Tensor predict();

    /** Returns what a training step minimizes, one after the other. */
    public abstract List<Objective> objectives();

    /** Changes what no gradient changes, at the end of a training step. */
    public void learn() {}

    /** Returns what {@link #learn} changes, by path. */
    public Map<String, Tensor> learned() {
        return Map.of();
    }

    /** Returns the objective of a network that has one only. */
    protected final List<Objective> minimize(Supplier<Tensor> loss) {
        return List.of(new Objective("loss", layer.parameters(), loss));
    }

    /** Returns a batch of images (B, H, W, C) from their numbers. */
    static Tensor images(float[] values, int height, int width, int channels) {
        return Tensor.of(values, values.length / (height * width * channels), height, width, channels);
    }
}
