package org.atelier4j.tensor.kernel.nd4j;

import java.util.Arrays;
import java.util.List;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Elements;
import org.atelier4j.tensor.kernel.Parallel;
import org.atelier4j.tensor.kernel.Reduction;
import org.atelier4j.tensor.kernel.Scratch;

/** Sums, products and extremes over axes, and sums of squares. Partial results are per fixed range, joined in order. */
final class Reductions {
    private Reductions() {}

    static void reduce(Reduction f, Tensor x, int[] axes, Tensor out) {
        if (out.size() == 0) {
            return;
        }
        if (x.dtype().isFloating()) {
            Plan plan = new Plan(x.shape(), axes);
            double[] results = new double[plan.kept];
            if (x.size() == 0) {
                Arrays.fill(results, f == Reduction.MEAN ? Double.NaN : identity(f));
            } else {
                new Reals(f, plan, Elements.of(x)).run(results);
            }
            Elements.of(out).put(0, results.length, results, 0);
        } else {
            integers(f, x, axes, out);
        }
    }

    private static double identity(Reduction f) {
        return switch (f) {
            case SUM, MEAN -> 0;
            case PROD -> 1;
            case MAX -> Double.NEGATIVE_INFINITY;
            case MIN -> Double.POSITIVE_INFINITY;
        };
    }

    private static double join(Reduction f, double a, double b) {
        return switch (f) {
            case SUM, MEAN -> a + b;
            case PROD -> a * b;
            case MAX -> Math.max(a, b);
            case MIN -> Math.min(a, b);
        };
    }

    /**
     * The axes of x in two groups: result element o and addend r together stand at {@code base(o) + base(r)}. Axes of
     * length 1 are gone, and neighbours of one group are joined, so the groups alternate.
     */
    private static final class Plan {
        private final int[] lengths;
        private final int[] steps;
        private final boolean[] reduced;
        private final int rank;
        private final int kept;
        private final int addends;

        Plan(Shape shape, int[] axes) {
            boolean[] over = new boolean[shape.rank()];
            for (int axis : axes) {
                over[axis] = true;
            }
            long[] strides = shape.strides();
            lengths = new int[shape.rank() + 1];
            steps = new int[shape.rank() + 1];
            reduced = new boolean[shape.rank() + 1];
            int r = 0;
            int outputs = 1;
            int inputs = 1;
            for (int i = 0; i < over.length; i++) {
                int n = shape.dim(i);
                if (over[i]) {
                    inputs *= n;
                } else {
                    outputs *= n;
                }
                if (n != 1) {
                    boolean joins = r > 0 && reduced[r - 1] == over[i];
                    int at = joins ? r - 1 : r++;
                    lengths[at] = joins ? lengths[at] * n : n;
                    steps[at] = Math.toIntExact(strides[i]);
                    reduced[at] = over[i];
                }
            }
            if (r == 0) {
                lengths[r] = 1;
                steps[r++] = 1;
            }
            rank = r;
            kept = outputs;
            addends = inputs;
        }

        boolean innerReduced() {
            return reduced[rank - 1];
        }

        int inner() {
            return lengths[rank - 1];
        }

        /** Position of element {@code index} of one group, counted without the last axis. */
        int base(int index, boolean ofReduced) {
            int base = 0;
            int rest = index;
            for (int i = rank - 2; i >= 0; i--) {
                if (reduced[i] == ofReduced) {
                    base += rest % lengths[i] * steps[i];
                    rest /= lengths[i];
                }
            }
            return base;
        }
    }

    /** The reduction of floating elements, in double precision. */
    private static final class Reals {
        private final Reduction f;
        private final Plan plan;
        private final Elements x;

        Reals(Reduction f, Plan plan, Elements x) {
            this.f = f;
            this.plan = plan;
            this.x = x;
        }

        void run(double[] results) {
            if (plan.innerReduced()) {
                lines(results);
            } else {
                columns(results);
            }
            if (f == Reduction.MEAN) {
                for (int i = 0; i < results.length; i++) {
                    results[i] /= plan.addends;
                }
            }
        }

        /** Each result is the reduction of contiguous stretches. */
        private void lines(double[] results) {
            int n = plan.addends;
            int parts = (n - 1) / Parallel.GRAIN + 1;
            double[] partial = parts == 1 ? results : new double[results.length * parts];
            int grain = Math.max(1, Parallel.GRAIN / Math.min(n, Parallel.GRAIN));
            Parallel.forRange(partial.length, grain, (lo, hi) -> {
                for (int i = lo; i < hi; i++) {
                    int first = i % parts * Parallel.GRAIN;
                    int count = Math.min(n - first, Parallel.GRAIN);
                    partial[i] = line(plan.base(i / parts, false), first, count);
                }
            });
            if (parts > 1) {
                for (int i = 0; i < results.length; i++) {
                    double value = partial[i * parts];
                    for (int p = 1; p < parts; p++) {
                        value = join(f, value, partial[i * parts + p]);
                    }
                    results[i] = value;
                }
            }
        }

        private double line(int base, int first, int count) {
            int inner = plan.inner();
            double value = identity(f);
            for (int done = 0; done < count; ) {
                int at = first + done;
                int column = at % inner;
                int n = Math.min(Math.min(inner - column, count - done), Parallel.TILE);
                double[] tile = Scratch.doubles(0, n);
                x.get(base + plan.base(at / inner, true) + column, n, tile, 0);
                value = join(f, value, reduce(tile, n));
                done += n;
            }
            return value;
        }

        private double reduce(double[] tile, int n) {
            if (f == Reduction.SUM || f == Reduction.MEAN) {
                return sum(tile, n);
            }
            double value = tile[0];
            for (int i = 1; i < n; i++) {
                value = join(f, value, tile[i]);
            }
            return value;
        }

        /** Neighbouring results are reduced side by side: stretches of the last axis are joined elementwise. */
        private void columns(double[] results) {
            int inner = plan.inner();
            int width = Math.min(inner, Parallel.TILE);
            int blocks = (inner - 1) / width + 1;
            int outer = plan.kept / inner;
            int n = plan.addends;
            int rows = Math.max(1, Parallel.GRAIN / width);
            int parts = (n - 1) / rows + 1;
            double[] partial = parts == 1 ? results : new double[results.length * parts];
            int grain = Math.max(1, rows / n);
            Parallel.forRange(outer * blocks * parts, grain, (lo, hi) -> {
                for (int i = lo; i < hi; i++) {
                    int part = i % parts;
                    int block = i / parts % blocks;
                    int o = i / parts / blocks;
                    int first = block * width;
                    int base = plan.base(o, false) + first;
                    int at = (part * outer + o) * inner + first;
                    column(
                            base,
                            Math.min(width, inner - first),
                            part * rows,
                            Math.min(n, (part + 1) * rows),
                            partial,
                            at);
                }
            });
            if (parts > 1) {
                System.arraycopy(partial, 0, results, 0, results.length);
                for (int p = 1; p < parts; p++) {
                    for (int i = 0; i < results.length; i++) {
                        results[i] = join(f, results[i], partial[p * results.length + i]);
                    }
                }
            }
        }

        private void column(int base, int width, int from, int to, double[] sums, int at) {
            x.get(base + plan.base(from, true), width, sums, at);
            double[] tile = Scratch.doubles(0, width);
            for (int row = from + 1; row < to; row++) {
                x.get(base + plan.base(row, true), width, tile, 0);
                switch (f) {
                    case SUM, MEAN -> {
                        for (int i = 0; i < width; i++) {
                            sums[at + i] += tile[i];
                        }
                    }
                    default -> {
                        for (int i = 0; i < width; i++) {
                            sums[at + i] = join(f, sums[at + i], tile[i]);
                        }
                    }
                }
            }
        }
    }

    /** Sums in four lanes, joined in a fixed order. */
    private static double sum(double[] x, int n) {
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        int i = 0;
        for (; i + 3 < n; i += 4) {
            a += x[i];
            b += x[i + 1];
            c += x[i + 2];
            d += x[i + 3];
        }
        for (; i < n; i++) {
            a += x[i];
        }
        return a + b + (c + d);
    }

    /** Integers in one pass over x, without rounding. */
    private static void integers(Reduction f, Tensor x, int[] axes, Tensor out) {
        Plan plan = new Plan(x.shape(), axes);
        Check.that(
                plan.addends > 0 || f == Reduction.SUM || f == Reduction.PROD,
                "%s: integers need at least one element, got shape %s",
                f,
                x.shape());
        long[] values = new long[Math.toIntExact(x.size())];
        Elements.of(x).get(0, values.length, values, 0);
        long[] results = new long[plan.kept];
        int innerKept = plan.innerReduced() ? 1 : plan.inner();
        int innerReduced = plan.innerReduced() ? plan.inner() : 1;
        for (int o = 0; o < results.length; o++) {
            int base = plan.base(o / innerKept, false) + o % innerKept;
            long value = f == Reduction.PROD ? 1 : 0;
            for (int r = 0; r < plan.addends; r++) {
                long v = values[base + plan.base(r / innerReduced, true) + r % innerReduced];
                value = switch (f) {
                    case SUM, MEAN -> value + v;
                    case PROD -> value * v;
                    case MAX -> r == 0 ? v : Math.max(value, v);
                    case MIN -> r == 0 ? v : Math.min(value, v);
                };
            }
            results[o] = f == Reduction.MEAN ? value / plan.addends : value;
        }
        Elements.of(out).put(0, results.length, results, 0);
    }

    static void sumOfSquares(List<Tensor> tensors, Tensor out) {
        double total = 0;
        for (Tensor x : tensors) {
            Elements elements = Elements.of(x);
            int n = elements.size();
            if (n == 0) {
                continue;
            }
            double[] partial = new double[(n - 1) / Parallel.GRAIN + 1];
            boolean wide = x.dtype() == DType.FLOAT64;
            Parallel.forTiles(n, (lo, hi) -> {
                int count = hi - lo;
                double sum;
                if (wide) {
                    double[] tile = Scratch.doubles(0, count);
                    elements.get(lo, count, tile, 0);
                    sum = squares(tile, count);
                } else {
                    float[] tile = Scratch.floats(0, count);
                    elements.get(lo, count, tile, 0);
                    sum = squares(tile, count);
                }
                partial[lo / Parallel.GRAIN] += sum;
            });
            for (double p : partial) {
                total += p;
            }
        }
        Elements.of(out).put(0, 1, new double[] {total}, 0);
    }

    private static double squares(double[] x, int n) {
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        int i = 0;
        for (; i + 3 < n; i += 4) {
            a += x[i] * x[i];
            b += x[i + 1] * x[i + 1];
            c += x[i + 2] * x[i + 2];
            d += x[i + 3] * x[i + 3];
        }
        for (; i < n; i++) {
            a += x[i] * x[i];
        }
        return a + b + (c + d);
    }

    private static double squares(float[] x, int n) {
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        int i = 0;
        for (; i + 3 < n; i += 4) {
            a += (double) x[i] * x[i];
            b += (double) x[i + 1] * x[i + 1];
            c += (double) x[i + 2] * x[i + 2];
            d += (double) x[i + 3] * x[i + 3];
        }
        for (; i < n; i++) {
            a += (double) x[i] * x[i];
        }
        return a + b + (c + d);
    }
}
