package org.atelier4j.metrics;

import org.atelier4j.model.ImageSource;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/** The images of one tensor (N, H, W, C), once. */
final class TensorImages implements ImageSource {
    private final Tensor images;
    private int taken;

    TensorImages(Tensor images) {
        this.images = images;
    }

    @Override
    public Shape imageShape() {
        return images.shape().drop(0);
    }

    @Override
    public Tensor next(int count) {
        int n = Math.min(count, images.dim(0) - taken);
        taken += n;
        return images.slice(0, taken - n, n);
    }
}
