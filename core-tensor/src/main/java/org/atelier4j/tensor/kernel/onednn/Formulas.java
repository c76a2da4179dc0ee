package org.atelier4j.tensor.kernel.onednn;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.kernel.Binary;
import org.atelier4j.tensor.kernel.Elements;
import org.atelier4j.tensor.kernel.Formula;
import org.atelier4j.tensor.kernel.Formula.Step;
import org.atelier4j.tensor.kernel.FormulaLoop;
import org.atelier4j.tensor.kernel.Kernels;
import org.atelier4j.tensor.kernel.Operand;
import org.atelier4j.tensor.kernel.Scratch;
import org.atelier4j.tensor.kernel.StridedCopy;
import org.atelier4j.tensor.kernel.StridedCopy.Strides;
import org.atelier4j.tensor.kernel.Unary;
import org.atelier4j.tensor.kernel.Unary.Function;

/**
 * Formulas of FLOAT32 and BFLOAT16. Arithmetic is computed in float, a tile at a time, by loops of which C2 makes vector
 * instructions: the bits are those of the operations one by one, of which it saves the way through memory. Formulas with
 * other functions, for which only oneDNN has vector instructions, are computed by whole operations.
 */
final class Formulas extends FormulaLoop<float[]> {
    private static final Set<Function> ARITHMETIC = EnumSet.of(
            Function.AFFINE,
            Function.RELU,
            Function.LEAKY_RELU,
            Function.SQRT,
            Function.RECIPROCAL,
            Function.SQUARE,
            Function.ABS,
            Function.CLAMP);

    /** Evaluates, as {@link Kernels#evaluate}. */
    static void evaluate(
            Kernels kernels, Formula formula, List<Tensor> inputs, double[] numbers, List<Tensor> outputs) {
        if (isArithmetic(formula) && isWorthReading(formula, inputs.get(0).dtype())) {
            new Formulas().run(formula, inputs, numbers, outputs);
        } else {
            oneByOne(kernels, formula, inputs, numbers, outputs);
        }
    }

    private static boolean isArithmetic(Formula formula) {
        for (Step step : formula.steps()) {
            if (step instanceof Step.Function f && !ARITHMETIC.contains(f.f())) {
                return false;
            }
        }
        return true;
    }

    /** Measured: to convert a BFLOAT16 number in Java costs as much as 1.4 of oneDNN's operations, memory included. */
    private static boolean isWorthReading(Formula formula, DType dtype) {
        int tensors = formula.inputs() + formula.outputs().size();
        return dtype == DType.FLOAT32 || formula.steps().size() > 1.4 * tensors;
    }

    private static void oneByOne(
            Kernels kernels, Formula formula, List<Tensor> inputs, double[] numbers, List<Tensor> outputs) {
        try (TensorScope scope = TensorScope.open()) {
            List<Tensor> values = new ArrayList<>(inputs);
            for (Step step : formula.steps()) {
                int output = formula.outputs().indexOf(values.size());
                Tensor like = output < 0 ? inputs.get(0) : outputs.get(output);
                values.add(value(kernels, step, values, numbers, like));
            }
            for (int o = 0; o < outputs.size(); o++) {
                Tensor made = values.get(formula.outputs().get(o));
                if (made != outputs.get(o)) {
                    repeat(kernels, made, outputs.get(o));
                }
            }
        }
    }

    /** Returns what a step gives, in {@code like} itself where that has its shape. */
    private static Tensor value(Kernels kernels, Step step, List<Tensor> values, double[] numbers, Tensor like) {
        if (step instanceof Step.Number c) {
            Tensor y = place(Shape.scalar(), like, values);
            kernels.fill(numbers[c.index()], y);
            return y;
        }
        if (step instanceof Step.Function f) {
            Tensor x = values.get(f.x());
            Tensor y = place(x.shape(), like, values);
            kernels.unary(f.with(numbers), x, y);
            return y;
        }
        Step.Pair p = (Step.Pair) step;
        Tensor a = values.get(p.a());
        Tensor b = values.get(p.b());
        Tensor y = place(Shape.broadcast("evaluate", a.shape(), b.shape()), like, values);
        if (p.f().isComparison()) {
            Tensor truth = Tensor.empty(y.shape(), DType.BOOL, y.device());
            kernels.binary(p.f(), a, b, truth);
            kernels.convert(truth, y);
        } else {
            kernels.binary(p.f(), a, b, y);
        }
        return y;
    }

    private static Tensor place(Shape shape, Tensor like, List<Tensor> taken) {
        boolean free = like.shape().equals(shape) && !taken.contains(like);
        return free ? like : Tensor.empty(shape, like.dtype(), like.device());
    }

    private static void repeat(Kernels kernels, Tensor x, Tensor out) {
        long[] own = x.shape().strides();
        long[] steps = new long[out.rank()];
        int extra = out.rank() - x.rank();
        for (int i = extra; i < steps.length; i++) {
            steps[i] = x.dim(i - extra) == 1 ? 0 : own[i - extra];
        }
        kernels.copy(new StridedCopy(out.shape(), Strides.of(0, steps), Strides.contiguous(out.shape())), x, out);
    }

    // --- floats -----------------------------------------------------------------------------------------------------

    @Override
    protected float[] array(int slot, int n) {
        return slot < Scratch.CALL ? Scratch.floats(slot, n) : new float[n];
    }

    @Override
    protected void read(Operand from, int at, int n, float[] to) {
        from.get(at, n, to);
    }

    @Override
    protected void fill(double value, float[] to, int n) {
        Arrays.fill(to, 0, n, (float) value);
    }

    @Override
    protected void write(Elements to, int at, int n, float[] from) {
        to.put(at, n, from, 0);
    }

    @Override
    protected void function(Unary f, float[] x, float[] y, int n) {
        float a = (float) f.a();
        float b = (float) f.b();
        switch (f.function()) {
            case AFFINE -> {
                for (int i = 0; i < n; i++) {
                    y[i] = a * x[i] + b;
                }
            }
            case RELU -> clamp(x, 0, Float.POSITIVE_INFINITY, y, n);
            case CLAMP -> clamp(x, a, b, y, n);
            case LEAKY_RELU -> {
                for (int i = 0; i < n; i++) {
                    y[i] = x[i] > 0 ? x[i] : a * x[i];
                }
            }
            case SQRT -> {
                for (int i = 0; i < n; i++) {
                    y[i] = (float) Math.sqrt(x[i]);
                }
            }
            case RECIPROCAL -> {
                for (int i = 0; i < n; i++) {
                    y[i] = 1 / x[i];
                }
            }
            case SQUARE -> {
                for (int i = 0; i < n; i++) {
                    y[i] = x[i] * x[i];
                }
            }
            case ABS -> {
                for (int i = 0; i < n; i++) {
                    y[i] = Math.abs(x[i]);
                }
            }
            default -> throw new IllegalStateException("not arithmetic: " + f);
        }
    }

    private static void clamp(float[] x, float low, float high, float[] y, int n) {
        for (int i = 0; i < n; i++) {
            y[i] = Math.min(Math.max(x[i], low), high);
        }
    }

    @Override
    protected void pair(Binary f, float[] a, float[] b, float[] y, int n) {
        switch (f) {
            case ADD -> {
                for (int i = 0; i < n; i++) {
                    y[i] = a[i] + b[i];
                }
            }
            case SUB -> {
                for (int i = 0; i < n; i++) {
                    y[i] = a[i] - b[i];
                }
            }
            case MUL -> {
                for (int i = 0; i < n; i++) {
                    y[i] = a[i] * b[i];
                }
            }
            case DIV -> {
                for (int i = 0; i < n; i++) {
                    y[i] = a[i] / b[i];
                }
            }
            case MAX -> {
                for (int i = 0; i < n; i++) {
                    y[i] = Math.max(a[i], b[i]);
                }
            }
            case MIN -> {
                for (int i = 0; i < n; i++) {
                    y[i] = Math.min(a[i], b[i]);
                }
            }
            default -> {
                for (int i = 0; i < n; i++) {
                    y[i] = (float) f.value(a[i], b[i]);
                }
            }
        }
    }
}
