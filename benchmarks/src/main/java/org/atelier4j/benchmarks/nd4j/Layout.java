package org.atelier4j.benchmarks.nd4j;

import java.util.List;
import org.atelier4j.benchmarks.network.Weights;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * How ND4J wants weights: a linear layer's as (in, out), a convolution's as (kH, kW, in, out), a transposed one's as (kH, kW,
 * out, in). The shapes of {@link Weights} are PyTorch's (out, in), (out, in, kH, kW) and (in, out, kH, kW), so that one rule
 * turns both kinds of convolution. Images are (B, C, H, W).
 */
final class Layout {
    private static final int[] CONV = {2, 3, 1, 0};
    private static final int[] BACK = {3, 2, 0, 1};

    private Layout() {}

    /** Returns a parameter's values in ND4J's order. */
    static INDArray weight(Weights weights, String path) {
        List<Integer> dims = weights.shape(path);
        long[] shape = dims.stream().mapToLong(d -> d).toArray();
        INDArray plain = Nd4j.create(weights.value(path), shape, 'c');
        return switch (shape.length) {
            case 2 -> plain.transpose().dup('c');
            case 4 -> plain.permute(CONV).dup('c');
            default -> plain;
        };
    }

    /** Returns a parameter's gradient in PyTorch's order. */
    static float[] gradient(INDArray g) {
        return switch (g.rank()) {
            case 2 -> values(g.transpose());
            case 4 -> values(g.permute(BACK));
            default -> values(g);
        };
    }

    /** Returns images (B, C, H, W) from numbers in the order (B, H, W, C). */
    static INDArray images(float[] values, int height, int width, int channels) {
        long[] shape = {values.length / (height * width * channels), height, width, channels};
        return Nd4j.create(values, shape, 'c').permute(0, 3, 1, 2).dup('c');
    }

    /** Returns numbers, those of images (B, C, H, W) in the order (B, H, W, C). */
    static float[] output(INDArray y) {
        return values(y.rank() == 4 ? y.permute(0, 2, 3, 1) : y);
    }

    static float[] values(INDArray x) {
        return x.dup('c').data().asFloat();
    }
}
