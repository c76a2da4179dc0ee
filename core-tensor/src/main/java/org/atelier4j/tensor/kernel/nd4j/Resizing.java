package org.atelier4j.tensor.kernel.nd4j;

import java.util.Arrays;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Elements;
import org.atelier4j.tensor.kernel.Interpolation;
import org.atelier4j.tensor.kernel.Parallel;
import org.atelier4j.tensor.kernel.Scratch;

/** Resizing of (B, H, W, C), one row of pixels of the result at a time. */
final class Resizing {
    private Resizing() {}

    /**
     * Where the pixels of a resized axis come from: pixel i is {@code (1 − weight[i])·x[low[i]] + weight[i]·x[high[i]]}.
     */
    private static final class Axis {
        private final int[] low;
        private final int[] high;
        private final double[] weight;

        Axis(Interpolation mode, int from, int to) {
            low = new int[to];
            high = new int[to];
            weight = new double[to];
            for (int i = 0; i < to; i++) {
                if (mode == Interpolation.NEAREST) {
                    low[i] = (int) ((2L * i + 1) * from / (2L * to));
                    high[i] = low[i];
                } else {
                    double center = (i + 0.5) * from / to - 0.5;
                    double inside = Math.max(0, Math.min(from - 1, center));
                    low[i] = (int) inside;
                    high[i] = Math.min(low[i] + 1, from - 1);
                    weight[i] = inside - low[i];
                }
            }
        }
    }

    static void forward(Interpolation mode, Tensor x, Tensor out) {
        if (out.size() == 0) {
            return;
        }
        int height = x.dim(1);
        int channels = x.dim(3);
        int line = x.dim(2) * channels;
        int rows = out.dim(1);
        int columns = out.dim(2);
        int n = columns * channels;
        Axis vertical = new Axis(mode, height, rows);
        Axis horizontal = new Axis(mode, x.dim(2), columns);
        Elements from = Elements.of(x);
        Elements to = Elements.of(out);
        Parallel.forRows(out.dim(0) * rows, 2L * (n + line), (lo, hi) -> {
            double[] upper = Scratch.doubles(0, line);
            double[] lower = Scratch.doubles(1, line);
            double[] result = Scratch.doubles(2, n);
            for (int row = lo; row < hi; row++) {
                int r = row % rows;
                int image = row / rows * height;
                double w = vertical.weight[r];
                from.get((image + vertical.low[r]) * line, line, upper, 0);
                if (w != 0) {
                    from.get((image + vertical.high[r]) * line, line, lower, 0);
                    for (int i = 0; i < line; i++) {
                        upper[i] = (1 - w) * upper[i] + w * lower[i];
                    }
                }
                for (int column = 0; column < columns; column++) {
                    int a = horizontal.low[column] * channels;
                    int b = horizontal.high[column] * channels;
                    double v = horizontal.weight[column];
                    for (int c = 0; c < channels; c++) {
                        result[column * channels + c] =
                                v == 0 ? upper[a + c] : (1 - v) * upper[a + c] + v * upper[b + c];
                    }
                }
                to.put(row * n, n, result, 0);
            }
        });
    }

    /** Each row of dx collects from the rows of dy that were made from it. */
    static void backward(Interpolation mode, Tensor dy, Tensor dx) {
        if (dx.size() == 0) {
            return;
        }
        int height = dx.dim(1);
        int channels = dx.dim(3);
        int line = dx.dim(2) * channels;
        int rows = dy.dim(1);
        int columns = dy.dim(2);
        int n = columns * channels;
        Axis vertical = new Axis(mode, height, rows);
        Axis horizontal = new Axis(mode, dx.dim(2), columns);
        Elements from = Elements.of(dy);
        Elements to = Elements.of(dx);
        Parallel.forRows(dx.dim(0) * height, (long) line + (long) rows * n / height, (lo, hi) -> {
            double[] slopes = Scratch.doubles(0, n);
            double[] sums = Scratch.doubles(1, line);
            for (int row = lo; row < hi; row++) {
                Arrays.fill(sums, 0, line, 0);
                for (int r = 0; r < rows; r++) {
                    double share = (vertical.low[r] == row % height ? 1 - vertical.weight[r] : 0)
                            + (vertical.high[r] == row % height ? vertical.weight[r] : 0);
                    if (share == 0) {
                        continue;
                    }
                    from.get((row / height * rows + r) * n, n, slopes, 0);
                    for (int column = 0; column < columns; column++) {
                        int a = horizontal.low[column] * channels;
                        int b = horizontal.high[column] * channels;
                        double v = horizontal.weight[column];
                        for (int c = 0; c < channels; c++) {
                            double slope = share * slopes[column * channels + c];
                            sums[a + c] += (1 - v) * slope;
                            sums[b + c] += v * slope;
                        }
                    }
                }
                to.put(row * line, line, sums, 0);
            }
        });
    }
}
