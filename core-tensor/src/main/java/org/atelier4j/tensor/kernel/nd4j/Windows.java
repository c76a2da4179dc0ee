package org.atelier4j.tensor.kernel.nd4j;

import java.util.Arrays;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Elements;
import org.atelier4j.tensor.kernel.Parallel;
import org.atelier4j.tensor.kernel.Pooling;
import org.atelier4j.tensor.kernel.Scratch;

/** Pooling of (B, H, W, C), one row of pixels of the result at a time. */
final class Windows {
    private Windows() {}

    static void maxPool(Pooling pooling, Tensor x, Tensor out, Tensor indices) {
        if (out.size() == 0) {
            return;
        }
        Check.shape(x.size() > 0, "maxPool: images must not be empty, got shape %s", x.shape());
        int height = x.dim(1);
        int width = x.dim(2);
        int channels = x.dim(3);
        int rows = out.dim(1);
        int columns = out.dim(2);
        int line = width * channels;
        int n = columns * channels;
        Elements from = Elements.of(x);
        Elements to = Elements.of(out);
        Elements winners = Elements.of(indices);
        Parallel.forRows(out.dim(0) * rows, (long) pooling.size() * line, (lo, hi) -> {
            double[] pixels = Scratch.doubles(0, line);
            double[] best = Scratch.doubles(1, n);
            int[] where = Scratch.ints(0, n);
            for (int row = lo; row < hi; row++) {
                Arrays.fill(where, 0, n, -1);
                int top = row % rows * pooling.stride() - pooling.padding();
                for (int y = Math.max(0, top); y < Math.min(height, top + pooling.size()); y++) {
                    from.get((row / rows * height + y) * line, line, pixels, 0);
                    for (int column = 0; column < columns; column++) {
                        int left = column * pooling.stride() - pooling.padding();
                        for (int p = Math.max(0, left); p < Math.min(width, left + pooling.size()); p++) {
                            int at = column * channels;
                            for (int c = 0; c < channels; c++) {
                                double value = pixels[p * channels + c];
                                boolean wins = where[at + c] < 0
                                        || value > best[at + c]
                                        || Double.isNaN(value) && !Double.isNaN(best[at + c]);
                                if (wins) {
                                    best[at + c] = value;
                                    where[at + c] = y * width + p;
                                }
                            }
                        }
                    }
                }
                to.put(row * n, n, best, 0);
                winners.put(row * n, n, where, 0);
            }
        });
    }

    /**
     * Max-pooling without the winners: the largest of rows, then of columns, each as one long loop over neighboring numbers
     * that the compiler turns into vector instructions.
     */
    static void largest(Pooling pooling, Tensor x, Tensor out) {
        if (out.size() == 0) {
            return;
        }
        Check.shape(x.size() > 0, "maxPool: images must not be empty, got shape %s", x.shape());
        int height = x.dim(1);
        int channels = x.dim(3);
        int rows = out.dim(1);
        int line = x.dim(2) * channels;
        int n = out.dim(2) * channels;
        Elements from = Elements.of(x);
        Elements to = Elements.of(out);
        Parallel.forRows(out.dim(0) * rows, (long) pooling.size() * line, (lo, hi) -> {
            float[] next = Scratch.floats(0, line);
            float[] best = Scratch.floats(1, line);
            float[] result = Scratch.floats(2, n);
            for (int row = lo; row < hi; row++) {
                int top = row % rows * pooling.stride() - pooling.padding();
                int first = Math.max(0, top);
                from.get((row / rows * height + first) * line, line, best, 0);
                for (int y = first + 1; y < Math.min(height, top + pooling.size()); y++) {
                    from.get((row / rows * height + y) * line, line, next, 0);
                    raise(best, 0, next, 0, line);
                }
                for (int column = 0; column * channels < n; column++) {
                    int left = column * pooling.stride() - pooling.padding();
                    int at = Math.max(0, left);
                    System.arraycopy(best, at * channels, result, column * channels, channels);
                    for (int p = at + 1; p < Math.min(x.dim(2), left + pooling.size()); p++) {
                        raise(result, column * channels, best, p * channels, channels);
                    }
                }
                to.put(row * n, n, result, 0);
            }
        });
    }

    /** Raises {@code count} numbers to others; NaN is the largest, as {@link Math#max(float, float)} has it. */
    private static void raise(float[] values, int at, float[] others, int from, int count) {
        for (int i = 0; i < count; i++) {
            values[at + i] = Math.max(values[at + i], others[from + i]);
        }
    }

    static void averagePool(Pooling pooling, Tensor x, Tensor out) {
        if (out.size() == 0) {
            return;
        }
        int height = x.dim(1);
        int width = x.dim(2);
        int channels = x.dim(3);
        int rows = out.dim(1);
        int columns = out.dim(2);
        int line = width * channels;
        int n = columns * channels;
        Elements from = Elements.of(x);
        Elements to = Elements.of(out);
        Parallel.forRows(out.dim(0) * rows, (long) pooling.size() * line, (lo, hi) -> {
            double[] pixels = Scratch.doubles(0, line);
            double[] sums = Scratch.doubles(1, n);
            for (int row = lo; row < hi; row++) {
                Arrays.fill(sums, 0, n, 0);
                int top = row % rows * pooling.stride() - pooling.padding();
                for (int y = Math.max(0, top); y < Math.min(height, top + pooling.size()); y++) {
                    from.get((row / rows * height + y) * line, line, pixels, 0);
                    for (int column = 0; column < columns; column++) {
                        int left = column * pooling.stride() - pooling.padding();
                        for (int p = Math.max(0, left); p < Math.min(width, left + pooling.size()); p++) {
                            for (int c = 0; c < channels; c++) {
                                sums[column * channels + c] += pixels[p * channels + c];
                            }
                        }
                    }
                }
                for (int i = 0; i < n; i++) {
                    sums[i] /= extent(pooling, row % rows, height) * extent(pooling, i / channels, width);
                }
                to.put(row * n, n, sums, 0);
            }
        });
    }

    /** Each row of dx collects its share from the windows that see it. */
    static void averagePoolBackward(Pooling pooling, Tensor dy, Tensor dx) {
        if (dx.size() == 0) {
            return;
        }
        int height = dx.dim(1);
        int width = dx.dim(2);
        int channels = dx.dim(3);
        int rows = dy.dim(1);
        int columns = dy.dim(2);
        int line = width * channels;
        int n = columns * channels;
        Elements from = Elements.of(dy);
        Elements to = Elements.of(dx);
        Parallel.forRows(dx.dim(0) * height, (long) pooling.size() * line, (lo, hi) -> {
            double[] slopes = Scratch.doubles(0, n);
            double[] sums = Scratch.doubles(1, line);
            for (int row = lo; row < hi; row++) {
                Arrays.fill(sums, 0, line, 0);
                int y = row % height + pooling.padding();
                int first = Math.max(0, Math.floorDiv(y - pooling.size(), pooling.stride()) + 1);
                for (int r = first; r < rows && r * pooling.stride() <= y; r++) {
                    from.get((row / height * rows + r) * n, n, slopes, 0);
                    for (int column = 0; column < columns; column++) {
                        int left = column * pooling.stride() - pooling.padding();
                        double share = 1.0 / (extent(pooling, r, height) * extent(pooling, column, width));
                        for (int p = Math.max(0, left); p < Math.min(width, left + pooling.size()); p++) {
                            for (int c = 0; c < channels; c++) {
                                sums[p * channels + c] += share * slopes[column * channels + c];
                            }
                        }
                    }
                }
                to.put(row * line, line, sums, 0);
            }
        });
    }

    /** Returns how many pixels of an axis a window sees, padding not counted. */
    private static int extent(Pooling pooling, int window, int length) {
        int first = window * pooling.stride() - pooling.padding();
        return Math.min(length, first + pooling.size()) - Math.max(0, first);
    }
}
