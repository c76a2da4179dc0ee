package org.atelier4j.tensor.kernel.cuda;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.device.cuda.CudaDevice;
import org.atelier4j.tensor.device.cuda.CudaKernel;
import org.atelier4j.tensor.device.cuda.Launch;
import org.atelier4j.tensor.kernel.Binary;
import org.atelier4j.tensor.kernel.Formula;
import org.atelier4j.tensor.kernel.Formula.Step;
import org.atelier4j.tensor.kernel.Unary;

/**
 * Writes formulas as CUDA C++ and launches them in {@code formula.cu}. Each is compiled when it is first met, for each
 * element type; numbers are arguments, so other ones need no other kernel.
 */
final class Formulas {
    private static final int VECTOR_BYTES = 16;

    /** One for reports: a step of ancestral diffusion from x, two predictions of a guided network and noise, and its x0. */
    static final Formula EXAMPLE = new Formula(
            4,
            14,
            List.of(
                    new Step.Function(Unary.Function.AFFINE, 1, 0), // 4: (1 + w) conditional
                    new Step.Function(Unary.Function.AFFINE, 2, 2),
                    new Step.Pair(Binary.SUB, 4, 5), // 6: guided
                    new Step.Function(Unary.Function.AFFINE, 0, 4),
                    new Step.Function(Unary.Function.AFFINE, 6, 6),
                    new Step.Pair(Binary.ADD, 7, 8),
                    new Step.Function(Unary.Function.CLAMP, 9, 8), // 10: x0
                    new Step.Function(Unary.Function.AFFINE, 10, 10),
                    new Step.Function(Unary.Function.AFFINE, 0, 12),
                    new Step.Pair(Binary.ADD, 11, 12),
                    new Step.Pair(Binary.ADD, 13, 3)), // 14: x of the next step
            List.of(14, 10));

    private final CudaDevice device;
    private final Map<Variant, CudaKernel> kernels = new ConcurrentHashMap<>();

    private record Variant(Formula formula, DType dtype, boolean wide) {}

    Formulas(CudaDevice device) {
        this.device = device;
    }

    void evaluate(Formula formula, List<Tensor> inputs, double[] numbers, List<Tensor> outputs) {
        Tensor first = outputs.get(0);
        int vector = VECTOR_BYTES / first.dtype().bytes();
        boolean wide = first.size() % vector == 0
                && outputs.stream().allMatch(Formulas::isAligned)
                && inputs.stream().allMatch(x -> x.size() < first.size() || isAligned(x));
        kernels.computeIfAbsent(new Variant(formula, first.dtype(), wide), this::compiled)
                .with()
                .struct(operands(inputs, numbers, outputs))
                .forElements(wide ? first.size() / vector : first.size());
    }

    private CudaKernel compiled(Variant v) {
        return Code.FORMULA.kernel(device, v.dtype, defines(v.formula), v.wide ? "evaluateWide" : "evaluate");
    }

    private static boolean isAligned(Tensor x) {
        return Launch.address(x, 0) % VECTOR_BYTES == 0;
    }

    /** Returns the struct {@code Operands}. */
    private static long[] operands(List<Tensor> inputs, double[] numbers, List<Tensor> outputs) {
        Shape shape = outputs.get(0).shape();
        boolean isDouble = outputs.get(0).dtype() == DType.FLOAT64;
        long[] fields = new long[outputs.size() + inputs.size() * (1 + Axes.FIELDS) + 1 + Math.max(1, numbers.length)];
        int at = 0;
        for (Tensor output : outputs) {
            fields[at++] = Launch.address(output, 0);
        }
        for (Tensor input : inputs) {
            fields[at++] = Launch.address(input, 0);
        }
        fields[at++] = shape.size();
        for (Tensor input : inputs) {
            Axes axes = Axes.of(Axes.sizes(shape), Axes.broadcast(input.shape(), shape));
            System.arraycopy(axes.struct(0), 0, fields, at, Axes.FIELDS);
            at += Axes.FIELDS;
        }
        for (double number : numbers) {
            fields[at++] = isDouble
                    ? Double.doubleToRawLongBits(number)
                    : Integer.toUnsignedLong(Float.floatToRawIntBits((float) number));
        }
        return fields;
    }

    // --- the text ---------------------------------------------------------------------------------------------------

    /** Returns the compiler options that tell {@code formula.cu} what to compute. */
    static List<String> defines(Formula formula) {
        return List.of(
                "-DINPUTS=" + formula.inputs(),
                "-DOUTPUTS=" + formula.outputs().size(),
                "-DNUMBERS=" + Math.max(1, formula.numbers()),
                "-DFORMULA=" + text(formula));
    }

    /** Returns statements like {@code A t2 = AFFINE<A>::value(x[0], p[0], p[1]); A t3 = t2 + x[1]; y[0] = t3;}. */
    static String text(Formula formula) {
        StringBuilder text = new StringBuilder();
        for (int s = 0; s < formula.steps().size(); s++) {
            text.append("A t").append(formula.inputs() + s).append(" = ");
            text.append(text(formula, formula.steps().get(s))).append("; ");
        }
        for (int o = 0; o < formula.outputs().size(); o++) {
            text.append("y[")
                    .append(o)
                    .append("] = t")
                    .append(formula.outputs().get(o))
                    .append("; ");
        }
        return text.toString().strip();
    }

    private static String text(Formula formula, Step step) {
        if (step instanceof Step.Number c) {
            return "p[" + c.index() + "]";
        }
        if (step instanceof Step.Function f) {
            String constants = f.f().hasConstants() ? "p[" + f.first() + "], p[" + (f.first() + 1) + "]" : "0, 0";
            return f.f() + "<A>::value(" + name(formula, f.x()) + ", " + constants + ")";
        }
        Step.Pair p = (Step.Pair) step;
        return text(p.f(), name(formula, p.a()), name(formula, p.b()));
    }

    private static String text(Binary f, String a, String b) {
        return switch (f) {
            case ADD -> a + " + " + b;
            case SUB -> a + " - " + b;
            case MUL -> a + " * " + b;
            case DIV -> a + " / " + b;
            case MAX -> "Max::of(" + a + ", " + b + ")";
            case MIN -> "Min::of(" + a + ", " + b + ")";
            case EQUAL -> "A(" + a + " == " + b + ")";
            case LESS -> "A(" + a + " < " + b + ")";
            case LESS_EQUAL -> "A(" + a + " <= " + b + ")";
            case POW -> throw new IllegalArgumentException("Formula: POW is not taken");
        };
    }

    private static String name(Formula formula, int value) {
        return value < formula.inputs() ? "x[" + value + "]" : "t" + value;
    }
}
