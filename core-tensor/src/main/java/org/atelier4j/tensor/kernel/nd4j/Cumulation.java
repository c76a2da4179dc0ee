package org.atelier4j.tensor.kernel.nd4j;

import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Elements;
import org.atelier4j.tensor.kernel.Parallel;
import org.atelier4j.tensor.kernel.Reduction;
import org.atelier4j.tensor.kernel.Scratch;

/** Running sums and products along an axis; threads share the axes before it. */
final class Cumulation {
    private Cumulation() {}

    static void cumulate(Reduction f, Tensor x, int axis, boolean exclusive, boolean reverse, Tensor out) {
        int n = x.dim(axis);
        int outer = Math.toIntExact(x.shape().size(0, axis));
        int inner = Math.toIntExact(x.shape().size(axis + 1, x.rank()));
        Elements from = Elements.of(x);
        Elements to = Elements.of(out);
        if (from.size() == 0) {
            return;
        }
        int panel = n * inner;
        int first = reverse ? (n - 1) * inner : 0;
        int step = reverse ? -inner : inner;
        boolean product = f == Reduction.PROD;
        boolean real = x.dtype().isFloating();
        Parallel.forRows(outer, panel, (lo, hi) -> {
            int count = (hi - lo) * panel;
            double[] reals = Scratch.doubles(0, real ? count : 0);
            long[] integers = Scratch.longs(0, real ? 0 : count);
            if (real) {
                from.get(lo * panel, count, reals, 0);
            } else {
                from.get(lo * panel, count, integers, 0);
            }
            for (int o = 0; o < hi - lo; o++) {
                for (int k = 0; k < inner; k++) {
                    int at = o * panel + first + k;
                    if (real) {
                        run(reals, at, step, n, product, exclusive);
                    } else {
                        run(integers, at, step, n, product, exclusive);
                    }
                }
            }
            if (real) {
                to.put(lo * panel, count, reals, 0);
            } else {
                to.put(lo * panel, count, integers, 0);
            }
        });
    }

    private static void run(double[] x, int at, int step, int n, boolean product, boolean exclusive) {
        double value = product ? 1 : 0;
        for (int i = 0; i < n; i++, at += step) {
            double next = product ? value * x[at] : value + x[at];
            x[at] = exclusive ? value : next;
            value = next;
        }
    }

    private static void run(long[] x, int at, int step, int n, boolean product, boolean exclusive) {
        long value = product ? 1 : 0;
        for (int i = 0; i < n; i++, at += step) {
            long next = product ? value * x[at] : value + x[at];
            x[at] = exclusive ? value : next;
            value = next;
        }
    }
}
