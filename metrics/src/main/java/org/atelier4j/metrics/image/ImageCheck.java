package org.atelier4j.metrics.image;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;

/** What metrics ask of images before they look at them. */
public final class ImageCheck {
    private static final double SLACK = 1e-3; // a quarter of a gray level: rounding, not another range

    private ImageCheck() {}

    /**
     * Checks images (B, H, W, C) in [−1, 1].
     *
     * @param metric who asks, for the message
     * @throws IllegalArgumentException if they are not
     */
    public static void signed(String metric, Tensor images) {
        Check.rank(metric, 4, "(B, H, W, C)", images);
        if (images.size() == 0) {
            return;
        }
        double low = images.detach().min().item();
        double high = images.detach().max().item();
        Check.that(
                low >= -1 - SLACK && high <= 1 + SLACK, // false for NaN too
                "%s: images must lie in [-1, 1], got values in [%s, %s]",
                metric,
                (float) low,
                (float) high);
    }

    /**
     * Checks two batches of images of one shape and floating type in [−1, 1].
     *
     * @param metric who asks, for the message
     * @throws IllegalArgumentException if they are not
     */
    public static void pair(String metric, Tensor a, Tensor b) {
        Check.rank(metric, 4, "(B, H, W, C)", a);
        Check.shape(
                a.shape().equals(b.shape()),
                "%s: both images of a pair must have one shape, got %s and %s",
                metric,
                a.shape(),
                b.shape());
        Check.that(
                a.dtype() == b.dtype() && a.dtype().isFloating(),
                "%s: images must be of one floating type, got %s and %s",
                metric,
                a.dtype(),
                b.dtype());
        signed(metric, a);
        signed(metric, b);
    }
}
