package org.atelier4j.metrics.net;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Tensor;

/** What networks for color images ask of their input. */
final class Pictures {
    static final int CHANNELS = 3;

    private Pictures() {}

    /** Checks that images are FLOAT32 (B, H, W, 3) and not smaller than a network can take. */
    static void check(String network, Tensor images, int smallest) {
        Check.dtype(network, DType.FLOAT32, images);
        Check.shape(
                images.rank() == 4 && images.dim(3) == CHANNELS,
                "%s: images must be color images (B, H, W, 3) in [−1, 1], got %s; gray ones become such by tile(3, 3)",
                network,
                images.shape());
        Check.shape(
                images.dim(1) >= smallest && images.dim(2) >= smallest,
                "%s: images must have at least %d x %d pixels, got %s",
                network,
                smallest,
                smallest,
                images.shape());
    }

    /** Checks two batches that are compared pair by pair. */
    static void check(String network, Tensor a, Tensor b, int smallest) {
        check(network, a, smallest);
        check(network, b, smallest);
        Check.shape(
                a.shape().equals(b.shape()),
                "%s: both batches must have one shape, got %s and %s",
                network,
                a.shape(),
                b.shape());
    }
}
