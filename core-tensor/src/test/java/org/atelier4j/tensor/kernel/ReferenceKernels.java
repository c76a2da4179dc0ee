package org.atelier4j.tensor.kernel;

import java.util.Arrays;
import java.util.List;
import org.apache.commons.math3.special.Erf;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The truth that kernel providers must agree with: every formula of {@link Kernels} as the simplest possible loop over
 * single elements in double precision. It shares no code with any provider. Floating tensors are FLOAT64.
 */
final class ReferenceKernels implements Kernels {

    @Override
    public String name() {
        return "reference";
    }

    // --- indices ----------------------------------------------------------------------------------------------------

    /** Returns the position along each axis of element i. */
    static int[] unravel(int i, Shape shape) {
        int[] index = new int[shape.rank()];
        int rest = i;
        for (int axis = index.length - 1; axis >= 0; axis--) {
            index[axis] = rest % shape.dim(axis);
            rest /= shape.dim(axis);
        }
        return index;
    }

    /** Returns the number of the element at a position. */
    static int ravel(int[] index, Shape shape) {
        int i = 0;
        for (int axis = 0; axis < index.length; axis++) {
            i = i * shape.dim(axis) + index[axis];
        }
        return i;
    }

    /** Returns the number of the element of a broadcast operand that meets position {@code index} of the result. */
    private static int broadcast(int[] index, Shape operand) {
        int[] own = new int[operand.rank()];
        for (int axis = 0; axis < own.length; axis++) {
            own[axis] = operand.dim(axis) == 1 ? 0 : index[index.length - own.length + axis];
        }
        return ravel(own, operand);
    }

    private static int size(Tensor t) {
        return Math.toIntExact(t.size());
    }

    // --- movement ---------------------------------------------------------------------------------------------------

    @Override
    public void convert(Tensor x, Tensor out) {
        Raw.write(out, Raw.doubles(x));
    }

    @Override
    public void fill(HostNumber value, Tensor out) {
        double[] values = new double[size(out)];
        Arrays.fill(values, value.value());
        Raw.write(out, values);
    }

    @Override
    public void copy(StridedCopy copy, Tensor x, Tensor out) {
        double[] from = Raw.doubles(x);
        double[] to = Raw.doubles(out);
        for (int i = 0; i < copy.size().size(); i++) {
            int[] index = unravel(i, copy.size());
            int source = (int) copy.source().offset();
            int target = (int) copy.target().offset();
            for (int axis = 0; axis < index.length; axis++) {
                source += (int) (index[axis] * copy.source().step(axis));
                target += (int) (index[axis] * copy.target().step(axis));
            }
            to[target] = from[source];
        }
        Raw.write(out, to);
    }

    @Override
    public void gatherRows(Tensor table, Tensor indices, Tensor out) {
        double[] from = Raw.doubles(table);
        double[] which = Raw.doubles(indices);
        double[] to = new double[size(out)];
        int width = (int) table.shape().size(1, table.rank());
        for (int i = 0; i < to.length; i++) {
            to[i] = from[(int) which[i / width] * width + i % width];
        }
        Raw.write(out, to);
    }

    @Override
    public void scatterAddRows(Tensor rows, Tensor indices, Tensor table) {
        double[] from = Raw.doubles(rows);
        double[] which = Raw.doubles(indices);
        double[] to = Raw.doubles(table);
        int width = (int) table.shape().size(1, table.rank());
        for (int i = 0; i < from.length; i++) {
            to[(int) which[i / width] * width + i % width] += from[i];
        }
        Raw.write(table, to);
    }

    @Override
    public void gatherAxis(Tensor x, int axis, Tensor indices, Tensor out) {
        double[] from = Raw.doubles(x);
        double[] which = Raw.doubles(indices);
        double[] to = new double[size(out)];
        for (int i = 0; i < to.length; i++) {
            int[] index = unravel(i, out.shape());
            index[axis] = (int) which[i];
            to[i] = from[ravel(index, x.shape())];
        }
        Raw.write(out, to);
    }

    @Override
    public void scatterAddAxis(Tensor x, int axis, Tensor indices, Tensor out) {
        double[] from = Raw.doubles(x);
        double[] which = Raw.doubles(indices);
        double[] to = Raw.doubles(out);
        for (int i = 0; i < from.length; i++) {
            int[] index = unravel(i, x.shape());
            index[axis] = (int) which[i];
            to[ravel(index, out.shape())] += from[i];
        }
        Raw.write(out, to);
    }

    // --- elementwise ------------------------------------------------------------------------------------------------

    private static double phi(double x) {
        return 0.5 * Erf.erfc(-x / Math.sqrt(2));
    }

    static double value(Unary f, double x) {
        double a = f.a();
        double b = f.b();
        double c = Math.sqrt(2 / Math.PI);
        return switch (f.function()) {
            case AFFINE -> a * x + b;
            case RELU -> Double.isNaN(x) ? x : Math.max(x, 0);
            case LEAKY_RELU -> x > 0 ? x : a * x;
            case ELU -> x > 0 ? x : a * Math.expm1(x);
            case SIGMOID -> 1 / (1 + Math.exp(-x));
            case SILU -> x / (1 + Math.exp(-x));
            case GELU -> x * phi(x);
            case GELU_TANH -> x / (1 + Math.exp(-2 * c * (x + 0.044715 * x * x * x)));
            case TANH -> Math.tanh(x);
            case SOFTPLUS -> x > 30 ? x + Math.exp(-x) : Math.log1p(Math.exp(x));
            case EXP -> Math.exp(x);
            case LOG -> Math.log(x);
            case SQRT -> Math.sqrt(x);
            case RSQRT -> Math.pow(x, -0.5);
            case RECIPROCAL -> 1 / x;
            case SQUARE -> x * x;
            case POW -> Math.pow(x, a);
            case ABS -> Math.abs(x);
            case SIGN -> x > 0 ? 1 : x < 0 ? -1 : x;
            case FLOOR -> Math.floor(x);
            case ROUND -> Math.rint(x);
            case CLAMP -> x < a ? a : x > b ? b : x;
            case SIN -> Math.sin(x);
            case COS -> Math.cos(x);
            case ERF -> Erf.erf(x);
        };
    }

    static double slope(Unary f, double x) {
        double a = f.a();
        double b = f.b();
        double c = Math.sqrt(2 / Math.PI);
        double s = 1 / (1 + Math.exp(-x));
        return switch (f.function()) {
            case AFFINE -> a;
            case RELU -> x > 0 ? 1 : 0;
            case LEAKY_RELU -> x > 0 ? 1 : a;
            case ELU -> x > 0 ? 1 : a * Math.exp(x);
            case SIGMOID -> s / (1 + Math.exp(x));
            case SILU -> s + x * s / (1 + Math.exp(x));
            case GELU -> phi(x) + x * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
            case GELU_TANH -> {
                double g = 1 / (1 + Math.exp(-2 * c * (x + 0.044715 * x * x * x)));
                double h = 1 / (1 + Math.exp(2 * c * (x + 0.044715 * x * x * x)));
                yield g + x * g * h * 2 * c * (1 + 3 * 0.044715 * x * x);
            }
            case TANH -> 1 / (Math.cosh(x) * Math.cosh(x));
            case SOFTPLUS -> s;
            case EXP -> Math.exp(x);
            case LOG -> 1 / x;
            case SQRT -> 0.5 / Math.sqrt(x);
            case RSQRT -> -0.5 * Math.pow(x, -1.5);
            case RECIPROCAL -> -1 / (x * x);
            case SQUARE -> 2 * x;
            case POW -> a == 0 ? 0 : a * Math.pow(x, a - 1);
            case ABS -> x > 0 ? 1 : x < 0 ? -1 : 0;
            case SIGN, FLOOR, ROUND -> 0;
            case CLAMP -> x < a || x > b ? 0 : 1;
            case SIN -> Math.cos(x);
            case COS -> -Math.sin(x);
            case ERF -> 2 / Math.sqrt(Math.PI) * Math.exp(-x * x);
        };
    }

    @Override
    public void unary(Unary f, Tensor x, Tensor out) {
        double[] values = Raw.doubles(x);
        for (int i = 0; i < values.length; i++) {
            values[i] = value(f, values[i]);
        }
        Raw.write(out, values);
    }

    @Override
    public void unaryBackward(Unary f, Tensor x, Tensor y, Tensor dy, Tensor dx) {
        double[] values = Raw.doubles(x);
        double[] d = Raw.doubles(dy);
        for (int i = 0; i < values.length; i++) {
            d[i] *= slope(f, values[i]);
        }
        Raw.write(dx, d);
    }

    private static double value(Binary f, double a, double b, boolean integers) {
        return switch (f) {
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case DIV -> integers ? (double) ((long) a / (long) b) : a / b;
            case POW -> integers ? (double) (long) Math.pow(a, b) : Math.pow(a, b);
            case MAX -> Math.max(a, b);
            case MIN -> Math.min(a, b);
            case EQUAL -> a == b ? 1 : 0;
            case LESS -> a < b ? 1 : 0;
            case LESS_EQUAL -> a <= b ? 1 : 0;
        };
    }

    @Override
    public void binary(Binary f, Tensor a, Tensor b, Tensor out) {
        double[] x = Raw.doubles(a);
        double[] y = Raw.doubles(b);
        double[] z = new double[size(out)];
        for (int i = 0; i < z.length; i++) {
            int[] index = unravel(i, out.shape());
            double left = x[broadcast(index, a.shape())];
            double right = y[broadcast(index, b.shape())];
            z[i] = value(f, left, right, !a.dtype().isFloating());
        }
        Raw.write(out, z);
    }

    @Override
    public void where(Tensor condition, Tensor a, Tensor b, Tensor out) {
        double[] c = Raw.doubles(condition);
        double[] x = Raw.doubles(a);
        double[] y = Raw.doubles(b);
        double[] z = new double[size(out)];
        for (int i = 0; i < z.length; i++) {
            int[] index = unravel(i, out.shape());
            boolean taken = c[broadcast(index, condition.shape())] != 0;
            z[i] = taken ? x[broadcast(index, a.shape())] : y[broadcast(index, b.shape())];
        }
        Raw.write(out, z);
    }

    @Override
    public void evaluate(Formula formula, List<Tensor> inputs, double[] numbers, List<Tensor> outputs) {
        Shape shape = outputs.get(0).shape();
        List<double[]> from = inputs.stream().map(Raw::doubles).toList();
        double[][] to = new double[outputs.size()][size(outputs.get(0))];
        for (int i = 0; i < shape.size(); i++) {
            double[] values = new double[formula.values()];
            for (int j = 0; j < inputs.size(); j++) {
                values[j] =
                        from.get(j)[broadcast(unravel(i, shape), inputs.get(j).shape())];
            }
            for (int s = 0; s < formula.steps().size(); s++) {
                values[inputs.size() + s] = value(formula.steps().get(s), values, numbers);
            }
            for (int o = 0; o < to.length; o++) {
                to[o][i] = values[formula.outputs().get(o)];
            }
        }
        for (int o = 0; o < to.length; o++) {
            Raw.write(outputs.get(o), to[o]);
        }
    }

    private static double value(Formula.Step step, double[] values, double[] numbers) {
        if (step instanceof Formula.Step.Number c) {
            return numbers[c.index()];
        }
        if (step instanceof Formula.Step.Function f) {
            return value(f.with(numbers), values[f.x()]);
        }
        Formula.Step.Pair p = (Formula.Step.Pair) step;
        return value(p.f(), values[p.a()], values[p.b()], false);
    }

    // --- reductions -------------------------------------------------------------------------------------------------

    private static double start(Reduction f) {
        return switch (f) {
            case SUM, MEAN -> 0;
            case PROD -> 1;
            case MAX -> Double.NEGATIVE_INFINITY;
            case MIN -> Double.POSITIVE_INFINITY;
        };
    }

    private static double next(Reduction f, double sum, double x) {
        return switch (f) {
            case SUM, MEAN -> sum + x;
            case PROD -> sum * x;
            case MAX -> Math.max(sum, x);
            case MIN -> Math.min(sum, x);
        };
    }

    @Override
    public void reduce(Reduction f, Tensor x, int[] axes, Tensor out) {
        double[] values = Raw.doubles(x);
        double[] results = new double[size(out)];
        double[] counts = new double[results.length];
        Arrays.fill(results, start(f));
        for (int i = 0; i < values.length; i++) {
            int[] index = unravel(i, x.shape());
            for (int axis : axes) {
                index[axis] = 0;
            }
            int at = ravel(index, out.shape());
            results[at] = next(f, results[at], values[i]);
            counts[at]++;
        }
        for (int i = 0; i < results.length && f == Reduction.MEAN; i++) {
            results[i] /= counts[i];
        }
        Raw.write(out, results);
    }

    private static boolean above(double a, double b) {
        return a > b || Double.isNaN(a) && !Double.isNaN(b);
    }

    @Override
    public void argMax(Tensor x, int axis, Tensor indices) {
        double[] values = Raw.doubles(x);
        double[] best = new double[size(indices)];
        for (int i = 0; i < best.length; i++) {
            int[] index = unravel(i, indices.shape());
            double top = 0;
            for (int j = 0; j < x.dim(axis); j++) {
                index[axis] = j;
                double value = values[ravel(index, x.shape())];
                if (j == 0 || above(value, top)) {
                    top = value;
                    best[i] = j;
                }
            }
        }
        Raw.write(indices, best);
    }

    /** Takes the best that is left, k times. */
    @Override
    public void topK(Tensor x, Tensor values, Tensor indices) {
        double[] all = Raw.doubles(x);
        int n = x.dim(-1);
        int k = values.dim(-1);
        double[] largest = new double[size(values)];
        double[] where = new double[largest.length];
        for (int row = 0; row * k < largest.length; row++) {
            boolean[] taken = new boolean[n];
            for (int i = 0; i < k; i++) {
                int best = -1;
                for (int j = 0; j < n; j++) {
                    if (!taken[j] && (best < 0 || above(all[row * n + j], all[row * n + best]))) {
                        best = j;
                    }
                }
                taken[best] = true;
                largest[row * k + i] = all[row * n + best];
                where[row * k + i] = best;
            }
        }
        Raw.write(values, largest);
        Raw.write(indices, where);
    }

    @Override
    public void cumulate(Reduction f, Tensor x, int axis, boolean exclusive, boolean reverse, Tensor out) {
        double[] values = Raw.doubles(x);
        double[] results = new double[values.length];
        for (int i = 0; i < results.length; i++) {
            int[] index = unravel(i, x.shape());
            int here = index[axis];
            results[i] = start(f);
            for (int j = 0; j < x.dim(axis); j++) {
                boolean before = reverse ? j > here : j < here;
                if (before || j == here && !exclusive) {
                    index[axis] = j;
                    results[i] = next(f, results[i], values[ravel(index, x.shape())]);
                }
            }
        }
        Raw.write(out, results);
    }

    // --- products ---------------------------------------------------------------------------------------------------

    private static double[] finish(double[] product, Epilogue epilogue, Tensor out) {
        double[] bias = epilogue.bias() == null ? new double[out.dim(-1)] : Raw.doubles(epilogue.bias());
        double[] residual = epilogue.residual() == null ? new double[size(out)] : Raw.doubles(epilogue.residual());
        for (int i = 0; i < product.length; i++) {
            double sum = product[i] + bias[i % bias.length] + residual[i];
            product[i] = epilogue.activation() == null ? sum : value(epilogue.activation(), sum);
        }
        return product;
    }

    @Override
    public void matmul(Tensor a, boolean transposeA, Tensor b, boolean transposeB, Epilogue epilogue, Tensor out) {
        double[] x = Raw.doubles(a);
        double[] y = Raw.doubles(b);
        double[] z = new double[size(out)];
        int rank = out.rank();
        for (int i = 0; i < z.length; i++) {
            int[] index = unravel(i, out.shape());
            int row = index[rank - 2];
            int column = index[rank - 1];
            for (int k = 0; k < a.dim(transposeA ? -2 : -1); k++) {
                index[rank - 2] = transposeA ? k : row;
                index[rank - 1] = transposeA ? row : k;
                double left = x[matrixElement(index, a.shape())];
                index[rank - 2] = transposeB ? column : k;
                index[rank - 1] = transposeB ? k : column;
                z[i] += left * y[matrixElement(index, b.shape())];
            }
        }
        Raw.write(out, finish(z, epilogue, out));
    }

    /** Broadcasts the leading axes only. */
    private static int matrixElement(int[] index, Shape operand) {
        int[] own = new int[operand.rank()];
        for (int axis = 0; axis < own.length; axis++) {
            boolean leading = axis < own.length - 2;
            own[axis] = leading && operand.dim(axis) == 1 ? 0 : index[index.length - own.length + axis];
        }
        return ravel(own, operand);
    }

    private interface Term {
        /** Element {@code y[…]} depends on {@code x[…]} by {@code w[…]}. */
        void visit(int x, int w, int y);
    }

    /** Visits every product of a convolution's definition. */
    private static void forEachTerm(Convolution conv, Shape x, Shape w, Shape y, Term term) {
        int n = conv.stride().rank();
        int perGroup = w.dim(1);
        int outputsPerGroup = w.dim(0) / conv.groups();
        for (int i = 0; i < y.size(); i++) {
            int[] at = unravel(i, y);
            int output = at[n + 1];
            int taps = (int) w.size(1, n + 2);
            for (int j = output * taps; j < (output + 1) * taps; j++) {
                int[] tap = unravel(j, w);
                int[] from = new int[n + 2];
                from[0] = at[0];
                from[n + 1] = output / outputsPerGroup * perGroup + tap[1];
                boolean inside = true;
                for (int s = 0; s < n; s++) {
                    from[s + 1] = at[s + 1] * conv.stride().dim(s)
                            - conv.padding().dim(s)
                            + tap[s + 2] * conv.dilation().dim(s);
                    inside &= from[s + 1] >= 0 && from[s + 1] < x.dim(s + 1);
                }
                if (inside) {
                    term.visit(ravel(from, x), j, i);
                }
            }
        }
    }

    /** Returns {@code ‖e‖²/2 − ⟨x, e⟩} of each point and each vector (N, K). */
    static double[] halfDistances(Tensor points, Tensor table) {
        double[] x = Raw.doubles(points);
        double[] e = Raw.doubles(table);
        int k = table.dim(0);
        int d = table.dim(1);
        double[] scores = new double[points.dim(0) * k];
        for (int i = 0; i < scores.length; i++) {
            for (int j = 0; j < d; j++) {
                double coordinate = e[i % k * d + j];
                scores[i] += 0.5 * coordinate * coordinate - x[i / k * d + j] * coordinate;
            }
        }
        return scores;
    }

    @Override
    public void nearestCode(Tensor points, Tensor table, Tensor codes) {
        double[] closeness =
                Arrays.stream(halfDistances(points, table)).map(s -> -s).toArray();
        Tensor all = Raw.tensor(DType.FLOAT64, Shape.of(points.dim(0), table.dim(0)), closeness);
        argMax(all, 1, codes.reshape(points.dim(0), 1));
    }

    @Override
    public void conv(Convolution conv, Tensor x, Tensor weight, Epilogue epilogue, Tensor out) {
        double[] in = Raw.doubles(x);
        double[] weights = Raw.doubles(weight);
        double[] sums = new double[size(out)];
        forEachTerm(conv, x.shape(), weight.shape(), out.shape(), (i, w, o) -> sums[o] += in[i] * weights[w]);
        Raw.write(out, finish(sums, epilogue, out));
    }

    @Override
    public void convBackwardInput(Convolution conv, Tensor dy, Tensor weight, Tensor dx) {
        double[] slopes = Raw.doubles(dy);
        double[] weights = Raw.doubles(weight);
        double[] sums = new double[size(dx)];
        forEachTerm(conv, dx.shape(), weight.shape(), dy.shape(), (i, w, o) -> sums[i] += slopes[o] * weights[w]);
        Raw.write(dx, sums);
    }

    @Override
    public void convBackwardWeight(Convolution conv, Tensor x, Tensor dy, Tensor dWeight, @Nullable Tensor dBias) {
        double[] in = Raw.doubles(x);
        double[] slopes = Raw.doubles(dy);
        double[] sums = new double[size(dWeight)];
        forEachTerm(conv, x.shape(), dWeight.shape(), dy.shape(), (i, w, o) -> sums[w] += in[i] * slopes[o]);
        Raw.write(dWeight, sums);
        if (dBias != null) {
            double[] bias = new double[size(dBias)];
            for (int i = 0; i < slopes.length; i++) {
                bias[i % bias.length] += slopes[i];
            }
            Raw.write(dBias, bias);
        }
    }

    // --- images -----------------------------------------------------------------------------------------------------

    private interface Pair {
        /** Element {@code y[…]} of the result sees pixel {@code x[…]}. */
        void visit(int x, int y);
    }

    /** Visits every pixel of every window. */
    private static void forEachPixel(Pooling pooling, Shape x, Shape y, Pair pair) {
        for (int i = 0; i < y.size(); i++) {
            int[] at = unravel(i, y);
            for (int dy = 0; dy < pooling.size(); dy++) {
                for (int dx = 0; dx < pooling.size(); dx++) {
                    int row = at[1] * pooling.stride() - pooling.padding() + dy;
                    int column = at[2] * pooling.stride() - pooling.padding() + dx;
                    if (row >= 0 && row < x.dim(1) && column >= 0 && column < x.dim(2)) {
                        pair.visit(ravel(new int[] {at[0], row, column, at[3]}, x), i);
                    }
                }
            }
        }
    }

    @Override
    public void maxPool(Pooling pooling, Tensor x, Tensor out, Tensor indices) {
        double[] pixels = Raw.doubles(x);
        double[] best = new double[size(out)];
        double[] where = new double[best.length];
        Arrays.fill(where, -1);
        forEachPixel(pooling, x.shape(), out.shape(), (i, o) -> {
            if (where[o] < 0 || above(pixels[i], best[o])) {
                int[] at = unravel(i, x.shape());
                best[o] = pixels[i];
                where[o] = at[1] * x.dim(2) + at[2];
            }
        });
        Raw.write(out, best);
        Raw.write(indices, where);
    }

    private static double[] windowSizes(Pooling pooling, Shape x, Shape y) {
        double[] counts = new double[(int) y.size()];
        forEachPixel(pooling, x, y, (i, o) -> counts[o]++);
        return counts;
    }

    @Override
    public void averagePool(Pooling pooling, Tensor x, Tensor out) {
        double[] pixels = Raw.doubles(x);
        double[] counts = windowSizes(pooling, x.shape(), out.shape());
        double[] means = new double[size(out)];
        forEachPixel(pooling, x.shape(), out.shape(), (i, o) -> means[o] += pixels[i] / counts[o]);
        Raw.write(out, means);
    }

    @Override
    public void averagePoolBackward(Pooling pooling, Tensor dy, Tensor dx) {
        double[] slopes = Raw.doubles(dy);
        double[] counts = windowSizes(pooling, dx.shape(), dy.shape());
        double[] sums = new double[size(dx)];
        forEachPixel(pooling, dx.shape(), dy.shape(), (i, o) -> sums[i] += slopes[o] / counts[o]);
        Raw.write(dx, sums);
    }

    private interface Weighted {
        /** Element {@code y[…]} of the result gets {@code weight·x[…]}. */
        void visit(int x, int y, double weight);
    }

    private static void forEachWeight(Interpolation mode, Shape x, Shape y, Weighted body) {
        for (int i = 0; i < y.size(); i++) {
            int[] at = unravel(i, y);
            double row = (at[1] + 0.5) * x.dim(1) / y.dim(1);
            double column = (at[2] + 0.5) * x.dim(2) / y.dim(2);
            if (mode == Interpolation.NEAREST) {
                body.visit(ravel(new int[] {at[0], (int) row, (int) column, at[3]}, x), i, 1);
                continue;
            }
            for (int r = 0; r < x.dim(1); r++) {
                for (int c = 0; c < x.dim(2); c++) {
                    double weight = tent(row - 0.5, r, x.dim(1)) * tent(column - 0.5, c, x.dim(2));
                    if (weight != 0) {
                        body.visit(ravel(new int[] {at[0], r, c, at[3]}, x), i, weight);
                    }
                }
            }
        }
    }

    /** Weight of pixel i at a position: falls linearly to 0 at distance 1; positions beyond the edge count as the edge. */
    private static double tent(double position, int i, int length) {
        double inside = Math.min(Math.max(position, 0), length - 1);
        return Math.max(0, 1 - Math.abs(inside - i));
    }

    @Override
    public void resize(Interpolation mode, Tensor x, Tensor out) {
        double[] pixels = Raw.doubles(x);
        double[] sums = new double[size(out)];
        forEachWeight(mode, x.shape(), out.shape(), (i, o, w) -> sums[o] += w * pixels[i]);
        Raw.write(out, sums);
    }

    @Override
    public void resizeBackward(Interpolation mode, Tensor dy, Tensor dx) {
        double[] slopes = Raw.doubles(dy);
        double[] sums = new double[size(dx)];
        forEachWeight(mode, dx.shape(), dy.shape(), (i, o, w) -> sums[i] += w * slopes[o]);
        Raw.write(dx, sums);
    }

    // --- softmax and norms ------------------------------------------------------------------------------------------

    @Override
    public void softmax(boolean log, Tensor x, Tensor out) {
        double[] values = Raw.doubles(x);
        int n = x.dim(-1);
        for (int first = 0; first < values.length; first += n) {
            double[] row = Arrays.copyOfRange(values, first, first + n);
            double max = Arrays.stream(row).max().orElseThrow();
            double sum = Arrays.stream(row).map(v -> Math.exp(v - max)).sum();
            for (int i = 0; i < n; i++) {
                values[first + i] = log ? row[i] - max - Math.log(sum) : Math.exp(row[i] - max) / sum;
            }
        }
        Raw.write(out, values);
    }

    /** By the whole Jacobian matrix of each row. */
    @Override
    public void softmaxBackward(boolean log, Tensor y, Tensor dy, Tensor dx) {
        double[] out = Raw.doubles(y);
        double[] slopes = Raw.doubles(dy);
        double[] results = new double[out.length];
        int n = y.dim(-1);
        for (int i = 0; i < out.length; i++) {
            double p = log ? Math.exp(out[i]) : out[i];
            for (int j = i / n * n; j < i / n * n + n; j++) {
                double same = i == j ? 1 : 0;
                results[i] += slopes[j] * (log ? 1 : out[j]) * (same - p);
            }
        }
        Raw.write(dx, results);
    }

    private static double parameter(@Nullable Tensor t, double[] values, int sample, int channel, double absent) {
        return t == null ? absent : values[t.rank() == 2 ? sample * t.dim(1) + channel : channel];
    }

    private static double[] values(@Nullable Tensor t) {
        return t == null ? new double[0] : Raw.doubles(t);
    }

    @Override
    public void norm(
            Norm norm, Tensor x, @Nullable Tensor gamma, @Nullable Tensor beta, Tensor out, Tensor mean, Tensor rstd) {
        double[] values = Raw.doubles(x);
        double[] scale = values(gamma);
        double[] shift = values(beta);
        double[] means = new double[size(mean)];
        double[] rstds = new double[means.length];
        double[] counts = new double[means.length];
        int[] group = groups(norm, x);
        for (int i = 0; i < values.length; i++) {
            counts[group[i]]++;
            means[group[i]] += norm.centered() ? values[i] : 0;
        }
        for (int g = 0; g < means.length; g++) {
            means[g] /= counts[g];
        }
        for (int i = 0; i < values.length; i++) {
            rstds[group[i]] += Math.pow(values[i] - means[group[i]], 2);
        }
        for (int g = 0; g < means.length; g++) {
            rstds[g] = 1 / Math.sqrt(rstds[g] / counts[g] + norm.eps());
        }
        for (int i = 0; i < values.length; i++) {
            int[] at = unravel(i, x.shape());
            double hat = (values[i] - means[group[i]]) * rstds[group[i]];
            double z = hat * parameter(gamma, scale, at[0], at[2], 1) + parameter(beta, shift, at[0], at[2], 0);
            values[i] = norm.silu() ? z / (1 + Math.exp(-z)) : z;
        }
        Raw.write(out, values);
        Raw.write(mean, means);
        Raw.write(rstd, rstds);
    }

    /** Returns the group, counted over all samples, of each element of x (B, N, C). */
    private static int[] groups(Norm norm, Tensor x) {
        int[] group = new int[size(x)];
        for (int i = 0; i < group.length; i++) {
            int[] at = unravel(i, x.shape());
            group[i] = at[0] * norm.groups() + at[2] / (x.dim(2) / norm.groups());
        }
        return group;
    }

    /** By the chain rule through mean and variance, written out element by element. */
    @Override
    public void normBackward(
            Norm norm,
            Tensor x,
            @Nullable Tensor gamma,
            @Nullable Tensor beta,
            Tensor mean,
            Tensor rstd,
            Tensor dy,
            Tensor dx,
            @Nullable Tensor dGamma,
            @Nullable Tensor dBeta) {
        double[] values = Raw.doubles(x);
        double[] scale = values(gamma);
        double[] shift = values(beta);
        double[] means = Raw.doubles(mean);
        double[] rstds = Raw.doubles(rstd);
        double[] slopes = Raw.doubles(dy);
        double[] dScale = new double[scale.length];
        double[] dShift = new double[shift.length];
        double[] dHat = new double[values.length];
        double[] dMean = new double[means.length];
        double[] dVariance = new double[means.length];
        double[] counts = new double[means.length];
        int[] group = groups(norm, x);
        for (int i = 0; i < values.length; i++) {
            int[] at = unravel(i, x.shape());
            int g = group[i];
            double centered = values[i] - means[g];
            double hat = centered * rstds[g];
            double factor = parameter(gamma, scale, at[0], at[2], 1);
            double z = hat * factor + parameter(beta, shift, at[0], at[2], 0);
            double dz = slopes[i] * (norm.silu() ? slope(Unary.of(Unary.Function.SILU), z) : 1);
            int own = gamma != null && gamma.rank() == 2 ? at[0] * gamma.dim(1) + at[2] : at[2];
            if (gamma != null) {
                dScale[own] += dz * hat;
            }
            if (beta != null) {
                dShift[own] += dz;
            }
            dHat[i] = dz * factor;
            dMean[g] -= dHat[i] * rstds[g];
            dVariance[g] -= 0.5 * dHat[i] * centered * Math.pow(rstds[g], 3);
            counts[g]++;
        }
        double[] results = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            int g = group[i];
            results[i] = dHat[i] * rstds[g]
                    + dVariance[g] * 2 * (values[i] - means[g]) / counts[g]
                    + (norm.centered() ? dMean[g] / counts[g] : 0);
        }
        Raw.write(dx, results);
        if (dGamma != null) {
            Raw.write(dGamma, dScale);
        }
        if (dBeta != null) {
            Raw.write(dBeta, dShift);
        }
    }

    // --- random numbers ---------------------------------------------------------------------------------------------

    /** Philox-4×32-10 as the paper states it, on unsigned 32-bit numbers in longs. */
    static long[] philox(long key, long low) {
        long mask = 0xffffffffL;
        long[] c = {low & mask, low >>> 32, 0, 0};
        long k0 = key & mask;
        long k1 = key >>> 32;
        for (int round = 0; round < 10; round++) {
            long left = 0xD2511F53L * c[0];
            long right = 0xCD9E8D57L * c[2];
            c = new long[] {right >>> 32 ^ c[1] ^ k0, right & mask, left >>> 32 ^ c[3] ^ k1, left & mask};
            k0 = k0 + 0x9E3779B9L & mask;
            k1 = k1 + 0xBB67AE85L & mask;
        }
        return c;
    }

    /** As for FLOAT32, but for tensors of FLOAT64 marked by {@code doubles}. */
    double[] random(Distribution distribution, long key, long position, int n, boolean doubles) {
        double[] values = new double[n];
        for (int i = 0; i < n; i++) {
            long[] words = philox(key, position + i / (doubles ? 2 : 4));
            long a = words[i % 4 / 2 * 2];
            long b = words[i % 4 / 2 * 2 + 1];
            if (doubles) {
                long first = (words[0] | words[1] << 32) >>> 11;
                long second = (words[2] | words[3] << 32) >>> 11;
                double radius = Math.sqrt(-2 * Math.log(1 - first * 0x1p-53));
                double angle = 2 * Math.PI * second * 0x1p-53;
                values[i] = switch (distribution) {
                    case UNIFORM -> (i % 2 == 0 ? first : second) * 0x1p-53;
                    case NORMAL -> radius * (i % 2 == 0 ? Math.cos(angle) : Math.sin(angle));
                    case BITS -> throw new AssertionError();
                };
            } else {
                float u = (int) (a >>> 1) * 0x1p-31f + 0x1p-32f;
                double radius = Math.sqrt(-2 * Math.log(u));
                double angle = 2 * Math.PI * b * 0x1p-32;
                values[i] = switch (distribution) {
                    case UNIFORM -> (words[i % 4] >>> 8) * 0x1p-24;
                    case NORMAL -> radius * (i % 2 == 0 ? Math.cos(angle) : Math.sin(angle));
                    case BITS -> (int) words[i % 4];
                };
            }
        }
        return values;
    }

    @Override
    public void random(Distribution distribution, long key, long position, Tensor out) {
        Raw.write(out, random(distribution, key, position, size(out), out.dtype() == DType.FLOAT64));
    }

    @Override
    public void gumbelSoftmax(Tensor temperature, long key, long position, Tensor logits, Tensor out, Tensor largest) {
        double[] x = Raw.doubles(logits);
        double tau = Raw.doubles(temperature)[0];
        double[] u = random(Distribution.UNIFORM, key, position, x.length, false);
        for (int i = 0; i < x.length; i++) {
            x[i] = (x[i] - Math.log(-Math.log(Math.max(u[i], 0x1p-25)))) / tau;
        }
        softmax(false, Raw.tensor(DType.FLOAT64, logits.shape(), x), out);
        argMax(out, out.rank() - 1, largest);
    }

    // --- training ---------------------------------------------------------------------------------------------------

    @Override
    public void sumOfSquares(List<Tensor> tensors, Tensor total) {
        double sum = 0;
        for (Tensor t : tensors) {
            for (double x : Raw.doubles(t)) {
                sum += x * x;
            }
        }
        Raw.write(total, new double[] {sum});
    }

    @Override
    public void update(
            UpdateRule rule,
            List<Tensor> parameters,
            List<Tensor> gradients,
            List<List<Tensor>> state,
            @Nullable Tensor scale) {
        double factor = scale == null ? 1 : Raw.doubles(scale)[0];
        if (!Double.isFinite(factor)) {
            return;
        }
        for (int t = 0; t < parameters.size(); t++) {
            double[] p = Raw.doubles(parameters.get(t));
            double[] g = Raw.doubles(gradients.get(t));
            double[][] s = new double[2][p.length];
            for (int i = 0; i < state.size(); i++) {
                s[i] = Raw.doubles(state.get(i).get(t));
            }
            for (int i = 0; i < p.length; i++) {
                step(rule, p, factor * g[i], s, i);
            }
            Raw.write(parameters.get(t), p);
            for (int i = 0; i < state.size(); i++) {
                Raw.write(state.get(i).get(t), s[i]);
            }
        }
    }

    /** The formulas in the Javadoc of {@link UpdateRule}. */
    private static void step(UpdateRule rule, double[] p, double gradient, double[][] s, int i) {
        if (rule instanceof UpdateRule.Sgd r) {
            double g = gradient + r.decay() * p[i];
            s[0][i] = r.momentum() * s[0][i] + g;
            p[i] -= r.rate() * (r.nesterov() ? g + r.momentum() * s[0][i] : s[0][i]);
        } else if (rule instanceof UpdateRule.Adam r) {
            double g = gradient + (r.decoupled() ? 0 : r.decay() * p[i]);
            s[0][i] = r.beta1() * s[0][i] + (1 - r.beta1()) * g;
            s[1][i] = r.beta2() * s[1][i] + (1 - r.beta2()) * g * g;
            double step = s[0][i] / r.correction1() / (Math.sqrt(s[1][i] / r.correction2()) + r.eps());
            p[i] = p[i] - r.rate() * step - (r.decoupled() ? r.rate() * r.decay() * p[i] : 0);
        } else if (rule instanceof UpdateRule.RmsProp r) {
            double g = gradient + r.decay() * p[i];
            s[0][i] = r.alpha() * s[0][i] + (1 - r.alpha()) * g * g;
            double step = g / (Math.sqrt(s[0][i]) + r.eps());
            s[1][i] = r.momentum() * s[1][i] + step;
            p[i] -= r.rate() * s[1][i];
        } else if (rule instanceof UpdateRule.Lion r) {
            double g = gradient;
            double direction = Math.signum(r.beta1() * s[0][i] + (1 - r.beta1()) * g);
            p[i] = p[i] - r.rate() * (direction + r.decay() * p[i]);
            s[0][i] = r.beta2() * s[0][i] + (1 - r.beta2()) * g;
        }
    }

    @Override
    public void lerp(List<Tensor> targets, List<Tensor> sources, HostNumber moving) {
        double weight = moving.value();
        for (int t = 0; t < targets.size(); t++) {
            double[] to = Raw.doubles(targets.get(t));
            double[] from = Raw.doubles(sources.get(t));
            for (int i = 0; i < to.length; i++) {
                to[i] = (1 - weight) * to[i] + weight * from[i];
            }
            Raw.write(targets.get(t), to);
        }
    }
}
