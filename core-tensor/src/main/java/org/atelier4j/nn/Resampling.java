package org.atelier4j.nn;

import java.util.Arrays;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Tensor;

/** Changes of an image's size beyond {@link Tensor#resize} and plain pooling; images are (B, H, W, C). */
public final class Resampling {

    private Resampling() {}

    /**
     * Returns means of cells, (B, height, width, C): the rows of cell i are {@code [⌊i·H/height⌋, ⌈(i+1)·H/height⌉)}, so
     * cells overlap where the sizes do not divide, as in PyTorch.
     */
    public static Tensor adaptiveAveragePool(Tensor x, int height, int width) {
        check("adaptiveAveragePool", x, height, width);
        Tensor rows = cells(x.dim(1), height, x); // (h, H)
        Tensor columns = cells(x.dim(2), width, x); // (w, W)
        Tensor tall = rows.matmul(x.reshape(x.dim(0), x.dim(1), x.dim(2) * x.dim(3))); // (B, h, W·C)
        return columns.matmul(tall.reshape(x.dim(0), height, x.dim(2), x.dim(3))); // (B, h, w, C)
    }

    /** Returns the largest of each cell, (B, height, width, C), cells as above; ties share the gradient. */
    public static Tensor adaptiveMaxPool(Tensor x, int height, int width) {
        check("adaptiveMaxPool", x, height, width);
        return largest(largest(x, 1, height), 2, width);
    }

    /**
     * Returns (B, H·r, W·r, C) for x (B, H, W, C·r²): channel {@code c·r² + i·r + j} becomes pixel (i, j) of each r×r block
     * (Shi et al. 2016, arXiv:1609.05158, eq. 4).
     */
    public static Tensor pixelShuffle(Tensor x, int r) {
        Check.rank("pixelShuffle", 4, "(B, H, W, C·r²)", x);
        Check.shape(
                r >= 1 && x.dim(3) % (r * r) == 0,
                "pixelShuffle: r² must divide the channels, got r %d, shape %s",
                r,
                x.shape());
        int channels = x.dim(3) / (r * r);
        return x.reshape(x.dim(0), x.dim(1), x.dim(2), channels, r, r)
                .permute(0, 1, 4, 2, 5, 3) // (B, H, r, W, r, C)
                .reshape(x.dim(0), x.dim(1) * r, x.dim(2) * r, channels);
    }

    /** Returns (B, H/r, W/r, C·r²) for x (B, H, W, C): the inverse of {@link #pixelShuffle}. */
    public static Tensor pixelUnshuffle(Tensor x, int r) {
        Check.rank("pixelUnshuffle", 4, "(B, H, W, C)", x);
        Check.shape(
                r >= 1 && x.dim(1) % r == 0 && x.dim(2) % r == 0,
                "pixelUnshuffle: r must divide height and width, got r %d, shape %s",
                r,
                x.shape());
        int height = x.dim(1) / r;
        int width = x.dim(2) / r;
        return x.reshape(x.dim(0), height, r, width, r, x.dim(3))
                .permute(0, 1, 3, 5, 2, 4) // (B, H/r, W/r, C, r, r)
                .reshape(x.dim(0), height, width, x.dim(3) * r * r);
    }

    private static void check(String op, Tensor x, int height, int width) {
        Check.rank(op, 4, "(B, H, W, C)", x);
        Check.shape(
                height > 0 && width > 0 && x.dim(1) > 0 && x.dim(2) > 0,
                "%s: sizes must be > 0, got %d and %d for shape %s",
                op,
                height,
                width,
                x.shape());
    }

    /** Returns the matrix (to, from) that takes means of cells. */
    private static Tensor cells(int from, int to, Tensor like) {
        double[] weights = new double[to * from];
        for (int i = 0; i < to; i++) {
            int start = start(i, from, to);
            int end = end(i, from, to);
            Arrays.fill(weights, i * from + start, i * from + end, 1.0 / (end - start));
        }
        return Tensor.of(weights, to, from).to(like.dtype()).to(like.device());
    }

    private static Tensor largest(Tensor x, int axis, int cells) {
        int n = x.dim(axis);
        Tensor[] parts = new Tensor[cells];
        for (int i = 0; i < cells; i++) {
            int start = start(i, n, cells);
            parts[i] = x.slice(axis, start, end(i, n, cells) - start).max(axis);
        }
        return Tensor.concat(axis, parts);
    }

    private static int start(int cell, int from, int to) {
        return (int) ((long) cell * from / to);
    }

    private static int end(int cell, int from, int to) {
        return (int) (((long) (cell + 1) * from + to - 1) / to);
    }
}
