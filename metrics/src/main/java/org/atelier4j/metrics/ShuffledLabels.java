package org.atelier4j.metrics;

import java.util.List;
import org.atelier4j.data.Dataset;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;

/**
 * The images of a data set with their labels dealt out anew: as many of each class, but of other images. What a metric of
 * conditional generators gives for it is chance, or the metric is broken.
 */
public final class ShuffledLabels implements Dataset {
    private final Dataset dataset;
    private final int[] order;

    private ShuffledLabels(Dataset dataset, int[] order) {
        this.dataset = dataset;
        this.order = order;
    }

    /** Returns the images of a data set with shuffled labels. */
    public static Dataset of(Dataset dataset, Rng rng) {
        return new ShuffledLabels(dataset, rng.permutation(dataset.size()));
    }

    @Override
    public int size() {
        return dataset.size();
    }

    @Override
    public Shape imageShape() {
        return dataset.imageShape();
    }

    @Override
    public List<String> classNames() {
        return dataset.classNames();
    }

    @Override
    public int label(int index) {
        return dataset.label(order[index]);
    }

    @Override
    public void copyPixels(int index, byte[] target, int offset) {
        dataset.copyPixels(index, target, offset);
    }
}
