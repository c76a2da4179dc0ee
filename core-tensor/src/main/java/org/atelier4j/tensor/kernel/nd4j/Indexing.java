package org.atelier4j.tensor.kernel.nd4j;

import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Elements;
import org.atelier4j.tensor.kernel.Parallel;
import org.atelier4j.tensor.kernel.Scratch;

/** Gathering and adding by index. All indices are checked before anything is written. */
final class Indexing {
    private Indexing() {}

    static void gatherRows(Tensor table, Tensor indices, Tensor out) {
        int n = table.dim(0);
        int width = Math.toIntExact(table.shape().size(1, table.rank()));
        Elements from = Elements.of(table);
        Elements which = checked("gatherRows", indices, n);
        Elements to = Elements.of(out);
        if (width == 0) {
            return;
        }
        Parallel.forRows(which.size(), width, (lo, hi) -> {
            int[] index = Scratch.ints(0, hi - lo);
            which.get(lo, hi - lo, index, 0);
            for (int i = lo; i < hi; i++) {
                if (width == 1) {
                    to.set(i, from, index[i - lo]);
                } else {
                    to.copy(i * width, from, index[i - lo] * width, width);
                }
            }
        });
    }

    /** Each thread owns a range of the table's rows and walks all indices, so every row sees its addends in order. */
    static void scatterAddRows(Tensor rows, Tensor indices, Tensor table) {
        int n = table.dim(0);
        int width = Math.toIntExact(table.shape().size(1, table.rank()));
        Elements from = Elements.of(rows);
        Elements which = checked("scatterAddRows", indices, n);
        Elements to = Elements.of(table);
        int count = which.size();
        if (width == 0 || count == 0) {
            return;
        }
        int[] index = new int[count];
        which.get(0, count, index, 0);
        int parts = Math.max(1, Math.min(n, (int) Math.min(Parallel.threads(), (long) count * width / Parallel.GRAIN)));
        Parallel.forRange(parts, 1, (part, end) -> {
            int first = (int) ((long) n * part / parts);
            int last = (int) ((long) n * end / parts);
            for (int i = 0; i < count; i++) {
                if (index[i] >= first && index[i] < last) {
                    add(from, i * width, to, index[i] * width, width);
                }
            }
        });
    }

    static void gatherAxis(Tensor x, int axis, Tensor indices, Tensor out) {
        int n = x.dim(axis);
        int m = out.dim(axis);
        int inner = Math.toIntExact(x.shape().size(axis + 1, x.rank()));
        Elements from = Elements.of(x);
        Elements which = checked("gather", indices, n);
        Elements to = Elements.of(out);
        Parallel.forTiles(to.size(), (lo, hi) -> {
            int[] index = Scratch.ints(0, hi - lo);
            which.get(lo, hi - lo, index, 0);
            int k = lo % inner; // position is (o·m + i)·inner + k
            int base = lo / inner / m * n * inner;
            int left = m * inner - lo % (m * inner);
            for (int at = lo; at < hi; at++) {
                to.set(at, from, base + index[at - lo] * inner + k);
                k = k + 1 == inner ? 0 : k + 1;
                if (--left == 0) {
                    left = m * inner;
                    base += n * inner;
                }
            }
        });
    }

    /** Threads share the lines along the axis, so every element sees its addends in order. */
    static void scatterAddAxis(Tensor x, int axis, Tensor indices, Tensor out) {
        Shape shape = x.shape();
        int m = shape.dim(axis);
        int n = out.dim(axis);
        int outer = Math.toIntExact(shape.size(0, axis));
        int inner = Math.toIntExact(shape.size(axis + 1, shape.rank()));
        Elements from = Elements.of(x);
        Elements which = checked("scatterAdd", indices, n);
        Elements to = Elements.of(out);
        if (from.size() == 0) {
            return;
        }
        boolean real = x.dtype().isFloating();
        Parallel.forRange(outer * inner, Math.max(1, Parallel.GRAIN / m), (lo, hi) -> {
            for (int line = lo, count; line < hi; line += count) {
                int o = line / inner;
                int k = line % inner;
                count = Math.min(Math.min(hi - line, inner - k), Parallel.TILE);
                int[] index = Scratch.ints(0, count);
                for (int i = 0; i < m; i++) {
                    int at = (o * m + i) * inner + k;
                    which.get(at, count, index, 0);
                    int base = o * n * inner + k;
                    if (real) {
                        double[] values = Scratch.doubles(0, count);
                        from.get(at, count, values, 0);
                        for (int j = 0; j < count; j++) {
                            to.add(base + index[j] * inner + j, values[j]);
                        }
                    } else {
                        long[] values = Scratch.longs(0, count);
                        from.get(at, count, values, 0);
                        for (int j = 0; j < count; j++) {
                            to.add(base + index[j] * inner + j, values[j]);
                        }
                    }
                }
            }
        });
    }

    private static void add(Elements from, int source, Elements to, int target, int n) {
        for (int done = 0; done < n; done += Parallel.TILE) {
            int count = Math.min(n - done, Parallel.TILE);
            if (from.dtype().isFloating()) {
                double[] addend = Scratch.doubles(0, count);
                double[] sum = Scratch.doubles(1, count);
                from.get(source + done, count, addend, 0);
                to.get(target + done, count, sum, 0);
                for (int i = 0; i < count; i++) {
                    sum[i] += addend[i];
                }
                to.put(target + done, count, sum, 0);
            } else {
                long[] addend = Scratch.longs(0, count);
                long[] sum = Scratch.longs(1, count);
                from.get(source + done, count, addend, 0);
                to.get(target + done, count, sum, 0);
                for (int i = 0; i < count; i++) {
                    sum[i] += addend[i];
                }
                to.put(target + done, count, sum, 0);
            }
        }
    }

    /** Returns the indices after checking that all lie in {@code [0, n)}. */
    private static Elements checked(String op, Tensor indices, int n) {
        Elements elements = Elements.of(indices);
        Parallel.forTiles(elements.size(), (lo, hi) -> {
            int[] index = Scratch.ints(0, hi - lo);
            elements.get(lo, hi - lo, index, 0);
            for (int i = 0; i < hi - lo; i++) {
                if (index[i] < 0 || index[i] >= n) {
                    Check.that(
                            false, "%s: indices must lie in [0, %d), got %d at position %d", op, n, index[i], lo + i);
                }
            }
        });
        return elements;
    }
}
