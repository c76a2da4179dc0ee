package org.atelier4j.tensor.kernel.nd4j;

import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Elements;
import org.atelier4j.tensor.kernel.Parallel;
import org.atelier4j.tensor.kernel.Scratch;

/**
 * Who is largest. Elements are compared by integer keys of the same order, in which NaN stands above all numbers and the
 * two zeros are equal.
 */
final class Ordering {
    /** Up to so many are found by insertion into a sorted list, which few elements of a row reach. */
    private static final int FEW = 64;

    private Ordering() {}

    static void argMax(Tensor x, int axis, Tensor indices) {
        int n = x.dim(axis);
        int outer = Math.toIntExact(x.shape().size(0, axis));
        int inner = Math.toIntExact(x.shape().size(axis + 1, x.rank()));
        Elements from = Elements.of(x);
        Elements to = Elements.of(indices);
        int panel = n * inner;
        if (to.size() == 0) {
            return;
        }
        if (inner == 1 && x.dtype() == DType.FLOAT32) {
            Parallel.forRows(outer, n, (lo, hi) -> {
                float[] values = Scratch.floats(0, (hi - lo) * n);
                int[] best = Scratch.ints(0, hi - lo);
                from.get(lo * n, (hi - lo) * n, values, 0);
                for (int o = 0; o < hi - lo; o++) {
                    best[o] = largest(values, o * n, n);
                }
                to.put(lo, hi - lo, best, 0);
            });
            return;
        }
        Parallel.forRows(outer, panel, (lo, hi) -> {
            long[] keys = keys(from, lo * panel, (hi - lo) * panel);
            int[] best = Scratch.ints(0, (hi - lo) * inner);
            for (int o = 0; o < hi - lo; o++) {
                for (int k = 0; k < inner; k++) {
                    int winner = 0;
                    long top = Long.MIN_VALUE;
                    int at = o * panel + k;
                    for (int i = 0; i < n; i++, at += inner) {
                        if (keys[at] > top) {
                            top = keys[at];
                            winner = i;
                        }
                    }
                    best[o * inner + k] = winner;
                }
            }
            to.put(lo * inner, (hi - lo) * inner, best, 0);
        });
    }

    /** Returns the index, counted from {@code at}, of the first largest of n ≥ 1 neighbours; NaN stands above all. */
    static int largest(float[] x, int at, int n) {
        float top = x[at];
        int winner = 0;
        for (int i = 1; i < n && !Float.isNaN(top); i++) {
            float value = x[at + i];
            if (!(value <= top)) {
                top = value;
                winner = i;
            }
        }
        return winner;
    }

    /** Returns the index, counted from {@code at}, of the first largest of n ≥ 1 neighbours; NaN stands above all. */
    static int largest(double[] x, int at, int n) {
        double top = x[at];
        int winner = 0;
        for (int i = 1; i < n && !Double.isNaN(top); i++) {
            double value = x[at + i];
            if (!(value <= top)) {
                top = value;
                winner = i;
            }
        }
        return winner;
    }

    /** Returns whether a stands above b, as NaN does above all numbers. */
    static boolean above(double a, double b) {
        return a > b || Double.isNaN(a) && !Double.isNaN(b);
    }

    static void topK(Tensor x, Tensor values, Tensor indices) {
        int n = x.dim(-1);
        int k = values.dim(-1);
        Elements from = Elements.of(x);
        Elements largest = Elements.of(values);
        Elements positions = Elements.of(indices);
        if (positions.size() == 0) {
            return;
        }
        Parallel.forRows(from.size() / n, n, (lo, hi) -> {
            for (int row = lo; row < hi; row++) {
                long[] keys = keys(from, row * n, n);
                int[] order = k <= FEW ? insert(keys, n, k) : sort(keys, n);
                positions.put(row * k, k, order, 0);
                for (int i = 0; i < k; i++) {
                    largest.set(row * k + i, from, row * n + order[i]);
                }
            }
        });
    }

    /** Keeps the best k so far in order; a newcomer goes behind its equals. */
    private static int[] insert(long[] keys, int n, int k) {
        int[] order = Scratch.ints(0, k);
        int held = 0;
        for (int i = 0; i < n; i++) {
            long key = keys[i];
            if (held == k && key <= keys[order[k - 1]]) {
                continue;
            }
            int at = held < k ? held++ : k - 1;
            for (; at > 0 && keys[order[at - 1]] < key; at--) {
                order[at] = order[at - 1];
            }
            order[at] = i;
        }
        return order;
    }

    /** Merges ever longer runs; equal keys keep their order. */
    private static int[] sort(long[] keys, int n) {
        int[] order = Scratch.ints(0, n);
        int[] other = Scratch.ints(1, n);
        for (int i = 0; i < n; i++) {
            order[i] = i;
        }
        for (long run = 1; run < n; run *= 2) {
            for (long start = 0; start < n; start += 2 * run) {
                int middle = (int) Math.min(start + run, n);
                int end = (int) Math.min(start + 2 * run, n);
                int i = (int) start;
                int j = middle;
                for (int at = (int) start; at < end; at++) {
                    boolean left = j == end || i < middle && keys[order[i]] >= keys[order[j]];
                    other[at] = order[left ? i++ : j++];
                }
            }
            int[] swap = order;
            order = other;
            other = swap;
        }
        return order;
    }

    private static long[] keys(Elements x, int at, int n) {
        long[] keys = Scratch.longs(0, n);
        if (!x.dtype().isFloating()) {
            x.get(at, n, keys, 0);
            return keys;
        }
        double[] values = Scratch.doubles(0, n);
        x.get(at, n, values, 0);
        for (int i = 0; i < n; i++) {
            long bits = Double.doubleToLongBits(values[i] + 0.0); // one NaN; −0 becomes 0
            keys[i] = bits ^ bits >> 63 & Long.MAX_VALUE;
        }
        return keys;
    }
}
