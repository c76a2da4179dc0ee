package org.atelier4j.metrics.net;

import org.atelier4j.tensor.Tensor;

/**
 * {@code tf.image.resize_bilinear} of TensorFlow 1 with its default {@code align_corners=False}, by which FID is defined:
 * pixel i lies at {@code i·from/to} of the input. That is not where its center is, and shrinking skips pixels; both are faults
 * that later resizing mends, and whose absence changes FID.
 */
final class TensorFlowResize {
    private TensorFlowResize() {}

    /** Returns images (B, H, W, C) as (B, height, width, C), with TensorFlow's roundings: columns first, then rows. */
    static Tensor bilinear(Tensor images, int height, int width) {
        return along(along(images, 2, width), 1, height);
    }

    private static Tensor along(Tensor x, int axis, int to) {
        int from = x.dim(axis);
        if (from == to) {
            return x;
        }
        int[] low = new int[to];
        int[] high = new int[to];
        float[] weights = new float[to];
        float scale = (float) from / to;
        for (int i = 0; i < to; i++) {
            float at = i * scale;
            low[i] = (int) at;
            high[i] = Math.min(low[i] + 1, from - 1);
            weights[i] = at - low[i];
        }
        Tensor first = x.indexSelect(axis, Tensor.of(low, to));
        Tensor second = x.indexSelect(axis, Tensor.of(high, to));
        Tensor w = axis == 1 ? Tensor.of(weights, to, 1, 1) : Tensor.of(weights, to, 1);
        return first.add(second.sub(first).mul(w));
    }
}
