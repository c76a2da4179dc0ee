package org.atelier4j.tensor.autograd;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.kernel.Distribution;

/**
 * Compares gradients with central differences {@code (f(x + h) − f(x − h))/2h} in float64.
 *
 * <pre>{@code
 * GradientCheck.of(in -> in[0].matmul(in[1]).tanh()).secondOrder().at(a, b);
 * }</pre>
 *
 * <p>What is differentiated is {@code Σ f(x) ⊙ c} with random c, so an error in any element of the result shows. The
 * recorded and the unrecorded backward pass are both run and must agree to 1e-9: that holds fused kernels against the
 * tensor operations they stand for. At kinks and next to them differences mean nothing: choose other points.
 */
public final class GradientCheck {
    private static final double AGREEMENT = 1e-9;

    private final TensorFunction f;
    private final Rng rng;
    private final double step;
    private final double rtol;
    private final double atol;
    private final boolean second;

    private GradientCheck(TensorFunction f, Rng rng, double step, double rtol, double atol, boolean second) {
        this.f = f;
        this.rng = rng;
        this.step = step;
        this.rtol = rtol;
        this.atol = atol;
        this.second = second;
    }

    /** Returns a check of {@code f} with step 1e-6, relative tolerance 1e-4 and absolute tolerance 1e-6. */
    public static GradientCheck of(TensorFunction f) {
        return new GradientCheck(f, Rng.of(0x6772_6164), 1e-6, 1e-4, 1e-6, false);
    }

    /** Returns this check with another stream for the cotangent. */
    public GradientCheck with(Rng stream) {
        return new GradientCheck(f, stream, step, rtol, atol, second);
    }

    /** Returns this check with another step and other tolerances. */
    public GradientCheck with(double h, double relative, double absolute) {
        return new GradientCheck(f, rng, h, relative, absolute, second);
    }

    /** Returns this check extended to second derivatives: gradients of the gradients, for inputs and cotangent. */
    public GradientCheck secondOrder() {
        return new GradientCheck(f, rng, step, rtol, atol, true);
    }

    /**
     * Where analytic and numeric derivative differ most.
     *
     * @param order 1 or 2
     * @param input number of the input
     * @param index of the element within the input, last axis fastest
     * @param analytic derivative by the backward pass
     * @param numeric derivative by differences
     * @param excess difference by tolerance; the check passed if it is at most 1
     */
    public record Report(int order, int input, long index, double analytic, double numeric, double excess) {
        @Override
        public String toString() {
            return "order %d, input %d, element %d: analytic %.10g, numeric %.10g, difference %.3g times the tolerance"
                    .formatted(order, input, index, analytic, numeric, excess);
        }
    }

    /**
     * Checks all derivatives for the FLOAT64 inputs; others (indices, masks) are constants.
     *
     * @return where the difference is largest
     * @throws AssertionError if it is larger than the tolerance
     */
    public Report at(Tensor... inputs) {
        for (Tensor x : inputs) {
            Check.that(
                    x.dtype() == DType.FLOAT64 || !x.dtype().isFloating(),
                    "gradient check: floating inputs must be FLOAT64, got %s",
                    x.dtype());
        }
        Tensor cotangent;
        try (TensorScope scope = TensorScope.open()) {
            Shape shape = f.apply(detached(inputs)).shape();
            cotangent = scope.keep(rng.draw(Distribution.NORMAL, shape, DType.FLOAT64, inputs[0].device()));
        }
        Report first = check(1, f, cotangent, inputs);
        if (!second) {
            return first;
        }
        Tensor[] all = Arrays.copyOf(inputs, inputs.length + 1);
        all[inputs.length] = cotangent;
        Tensor[] directions = Arrays.stream(inputs)
                .map(x -> rng.draw(Distribution.NORMAL, x.shape(), DType.FLOAT64, x.device()))
                .toArray(Tensor[]::new);
        Tensor one = Tensor.full(1, DType.FLOAT64, Shape.scalar()).to(inputs[0].device());
        Report gradients = check(2, in -> alongGradient(directions, in), one, all);
        return gradients.excess() > first.excess() ? gradients : first;
    }

    /** Returns {@code Σᵢ gᵢ ⊙ vᵢ} for the gradients g of {@code Σ f(x) ⊙ c}; the last input is c. */
    private Tensor alongGradient(Tensor[] directions, Tensor... inputs) {
        Tensor[] leaves = leaves(inputs);
        int n = directions.length;
        Tensor y = f.apply(Arrays.copyOf(leaves, n));
        Tensor total = Tensor.full(0, DType.FLOAT64, Shape.scalar()).to(y.device());
        if (y.node() == null) {
            return total;
        }
        Gradients gradients = Gradients.ofProduct(y, leaves[n], List.of(), true);
        for (int i = 0; i < n; i++) {
            if (gradients.has(leaves[i])) {
                total = total.add(gradients.get(leaves[i]).mul(directions[i]).sum());
            }
        }
        return total;
    }

    private Report check(int order, TensorFunction function, Tensor cotangent, Tensor... inputs) {
        List<double[]> analytic = analytic(order, function, cotangent, inputs);
        Report worst = new Report(order, 0, 0, 0, 0, 0);
        for (int i = 0; i < inputs.length; i++) {
            if (inputs[i].dtype() != DType.FLOAT64) {
                continue;
            }
            for (int j = 0; j < inputs[i].size(); j++) {
                double numeric = numeric(function, cotangent, inputs, i, j);
                double a = analytic.get(i)[j];
                double excess = Math.abs(a - numeric) / (atol + rtol * Math.abs(numeric));
                if (!(excess <= worst.excess())) {
                    worst = new Report(order, i, j, a, numeric, excess);
                }
                if (!(excess <= 1)) {
                    throw new AssertionError("gradient check: " + worst);
                }
            }
        }
        return worst;
    }

    private static List<double[]> analytic(int order, TensorFunction function, Tensor cotangent, Tensor... inputs) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor[] leaves = leaves(inputs);
            Tensor y = function.apply(leaves);
            List<double[]> plain = gradients(y, cotangent, false, leaves);
            List<double[]> recorded = gradients(y, cotangent, true, leaves);
            for (int i = 0; i < leaves.length; i++) {
                for (int j = 0; j < plain.get(i).length; j++) {
                    double a = plain.get(i)[j];
                    double b = recorded.get(i)[j];
                    if (!(Math.abs(a - b) <= AGREEMENT * (1 + Math.abs(b)))) {
                        throw new AssertionError("gradient check: order " + order + ", input " + i + ", element " + j
                                + ": the unrecorded backward pass gives " + a + ", the recorded one " + b);
                    }
                }
            }
            return plain;
        }
    }

    private static List<double[]> gradients(Tensor y, Tensor cotangent, boolean createGraph, Tensor... leaves) {
        Gradients g = y.node() == null ? null : Gradients.ofProduct(y, cotangent, List.of(), createGraph);
        List<double[]> values = new ArrayList<>();
        for (Tensor leaf : leaves) {
            values.add(g != null && g.has(leaf) ? g.get(leaf).toDoubles() : new double[Math.toIntExact(leaf.size())]);
        }
        return values;
    }

    private double numeric(TensorFunction function, Tensor cotangent, Tensor[] inputs, int input, int index) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor above = function.apply(shifted(inputs, input, index, step));
            Tensor below = function.apply(shifted(inputs, input, index, -step));
            return above.sub(below).mul(cotangent).sum().item() / (2 * step);
        }
    }

    private static Tensor[] shifted(Tensor[] inputs, int input, int index, double by) {
        Tensor[] all = detached(inputs);
        double[] values = inputs[input].toDoubles();
        values[index] += by;
        all[input] =
                Tensor.of(values, values.length).reshape(inputs[input].shape()).to(inputs[input].device());
        return all;
    }

    private static Tensor[] detached(Tensor... inputs) {
        return Arrays.stream(inputs).map(Tensor::detach).toArray(Tensor[]::new);
    }

    private static Tensor[] leaves(Tensor... inputs) {
        return Arrays.stream(inputs)
                .map(x -> x.node() == null && x.dtype().isFloating() ? x.requireGradient() : x)
                .toArray(Tensor[]::new);
    }
}
