package org.atelier4j.tensor.kernel.nd4j;

import java.util.Arrays;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.Precision;
import org.atelier4j.tensor.device.PrecisionScope;
import org.atelier4j.tensor.kernel.Elements;
import org.atelier4j.tensor.kernel.Epilogue;
import org.atelier4j.tensor.kernel.Kernels;
import org.atelier4j.tensor.kernel.Parallel;
import org.atelier4j.tensor.kernel.Scratch;

/**
 * The nearest of K vectors for each of N points: {@code argmax_k ⟨x, e_k⟩ − ‖e_k‖²/2}. Some points meet some vectors at a
 * time, in a product of the provider's own whose results are looked at while they are in the processor's cache: that is all
 * the memory it takes.
 */
final class NearestCodes {
    /** Products in memory at a time. */
    private static final int PORTION = 1 << 18;

    /** Vectors that a point meets at a time. */
    private static final int MOST = 1024;

    private NearestCodes() {}

    static void find(Kernels kernels, Tensor points, Tensor table, Tensor codes) {
        int n = points.dim(0);
        long parts = ((long) n * Math.min(MOST, table.dim(0)) + PORTION - 1) / PORTION;
        int step = (int) ((n + parts - 1) / Math.max(1, parts));
        try (PrecisionScope exact = PrecisionScope.open(Precision.FLOAT32); // rounded products would find other codes
                TensorScope scope = TensorScope.open()) {
            Tensor vectors = wide(kernels, table);
            Tensor shift = halfNorms(vectors);
            for (int first = 0; first < n; first += step) {
                try (TensorScope part = TensorScope.open()) {
                    Tensor some = wide(kernels, rows(points, first, Math.min(step, n - first)));
                    find(kernels, some, vectors, shift, rows(codes, first, some.dim(0)));
                }
            }
        }
    }

    /** Finds the codes of a few points, which meet at most {@link #MOST} vectors at a time. */
    private static void find(Kernels kernels, Tensor points, Tensor table, Tensor shift, Tensor codes) {
        int n = points.dim(0);
        int k = table.dim(0);
        Winners winners = new Winners(n);
        for (int first = 0; first < k; first += MOST) {
            int width = Math.min(MOST, k - first);
            int start = first;
            Tensor closeness = Tensor.empty(Shape.of(n, width), points.dtype(), points.device());
            Epilogue shifted = new Epilogue(rows(shift, first, width), null, null);
            kernels.matmul(points, false, rows(table, first, width), true, shifted, closeness);
            Elements products = Elements.of(closeness);
            Parallel.forRows(n, width, (lo, hi) -> winners.see(products, width, lo, hi, start));
        }
        Elements.of(codes).put(0, n, winners.codes, 0);
    }

    /** The best code of each point so far, and how close it is. */
    private static final class Winners {
        private final int[] codes;
        private final double[] best;

        Winners(int n) {
            codes = Scratch.ints(Scratch.CALL, n);
            best = Scratch.doubles(Scratch.CALL, n);
            Arrays.fill(codes, 0, n, 0);
            Arrays.fill(best, 0, n, Double.NEGATIVE_INFINITY);
        }

        /** Lets points [lo, hi) see their products with vectors {@code start}, start + 1, …. */
        void see(Elements products, int width, int lo, int hi, int start) {
            int n = (hi - lo) * width;
            if (products.dtype() == DType.FLOAT64) {
                double[] tile = Scratch.doubles(0, n);
                products.get(lo * width, n, tile, 0);
                for (int i = lo; i < hi; i++) {
                    int where = Ordering.largest(tile, (i - lo) * width, width);
                    offer(i, start + where, tile[(i - lo) * width + where]);
                }
            } else {
                float[] tile = Scratch.floats(0, n);
                products.get(lo * width, n, tile, 0);
                for (int i = lo; i < hi; i++) {
                    int where = Ordering.largest(tile, (i - lo) * width, width);
                    offer(i, start + where, tile[(i - lo) * width + where]);
                }
            }
        }

        private void offer(int point, int code, double closeness) {
            if (Ordering.above(closeness, best[point])) {
                best[point] = closeness;
                codes[point] = code;
            }
        }
    }

    /** Returns {@code −‖e_k‖²/2} of each row (K, D). */
    private static Tensor halfNorms(Tensor table) {
        int k = table.dim(0);
        int d = table.dim(1);
        Tensor shift = Tensor.empty(Shape.of(k), table.dtype(), table.device());
        Elements from = Elements.of(table);
        Elements to = Elements.of(shift);
        Parallel.forRows(k, d, (lo, hi) -> {
            double[] values = Scratch.doubles(0, (hi - lo) * d);
            double[] sums = Scratch.doubles(1, hi - lo);
            from.get(lo * d, (hi - lo) * d, values, 0);
            for (int row = 0; row < hi - lo; row++) {
                double sum = 0;
                for (int i = row * d; i < (row + 1) * d; i++) {
                    sum += values[i] * values[i];
                }
                sums[row] = -0.5 * sum;
            }
            to.put(lo, hi - lo, sums, 0);
        });
        return shift;
    }

    /** Returns BFLOAT16 elements as FLOAT32, in which their products are summed, others as they are. */
    private static Tensor wide(Kernels kernels, Tensor x) {
        if (x.dtype() != DType.BFLOAT16) {
            return x;
        }
        Tensor wide = Tensor.empty(x.shape(), DType.FLOAT32, x.device());
        kernels.convert(x, wide);
        return wide;
    }

    /** Returns rows [first, first + count), a view. */
    private static Tensor rows(Tensor x, int first, int count) {
        Shape shape = x.shape().with(0, count);
        return Tensor.over(x.storage(), x.offset() + first * x.shape().size(1, x.rank()), shape);
    }
}
