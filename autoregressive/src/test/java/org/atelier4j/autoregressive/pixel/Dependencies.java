package org.atelier4j.autoregressive.pixel;

import java.util.function.UnaryOperator;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;

/**
 * Which inputs an output depends on, by its exact gradient: an input that no path leads from has gradient 0, bit for bit,
 * and one that a path leads from has another (weights are random, activations smooth or live).
 */
final class Dependencies {
    private final float[] gradient;
    private final Shape shape;

    private Dependencies(float[] gradient, Shape shape) {
        this.gradient = gradient;
        this.shape = shape;
    }

    /** Returns what the outputs {@code channels} of one pixel depend on, in images (1, H, W, C). */
    static Dependencies of(UnaryOperator<Tensor> network, Shape image, int row, int column, int first, int count) {
        float[] sum = new float[Math.toIntExact(image.size())];
        for (int trial = 0; trial < 3; trial++) { // a ReLU may be dead at one point, not at all
            Tensor x = Rng.of(40 + trial).normal(image).requireGradient();
            Tensor y = network.apply(x).slice(1, row, 1).slice(2, column, 1).slice(3, first, count);
            float[] g = y.mul(Rng.of(50 + trial).normal(y.shape()))
                    .sum()
                    .backward()
                    .get(x)
                    .toFloats();
            for (int i = 0; i < g.length; i++) {
                sum[i] += Math.abs(g[i]);
            }
        }
        return new Dependencies(sum, image);
    }

    boolean on(int row, int column, int channel) {
        return gradient[(row * shape.dim(2) + column) * shape.dim(3) + channel] != 0;
    }

    /** Returns a picture: {@code #} where the output depends on a pixel, {@code .} where not. */
    String picture() {
        StringBuilder text = new StringBuilder();
        for (int y = 0; y < shape.dim(1); y++) {
            for (int x = 0; x < shape.dim(2); x++) {
                boolean any = false;
                for (int c = 0; c < shape.dim(3); c++) {
                    any |= on(y, x, c);
                }
                text.append(any ? '#' : '.');
            }
            text.append('\n');
        }
        return text.toString();
    }
}
