package org.atelier4j.tensor.op;

import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.atelier4j.tensor.Expression;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.Node;
import org.atelier4j.tensor.autograd.Op;
import org.atelier4j.tensor.kernel.Binary;
import org.atelier4j.tensor.kernel.Formula;
import org.atelier4j.tensor.kernel.Formula.Step;
import org.atelier4j.tensor.kernel.Kernels;
import org.atelier4j.tensor.kernel.Unary;
import org.jspecify.annotations.Nullable;

/**
 * {@code y = f(x_1, …, x_n)} for each element, a {@link Formula} of one result in one pass.
 *
 * <p>Its derivatives are formulas again, made by the chain rule from the last step to the first: {@code dx_i = dy ⊙ ∂f/∂x_i}
 * for all i in one pass, which computes what it needs of f anew.
 *
 * @param formula what is computed, of one result
 * @param numbers those of the formula
 */
public record Fused(Formula formula, List<Double> numbers) implements Op {

    /** Copies the list. */
    public Fused {
        numbers = List.copyOf(numbers);
    }

    /** Evaluates a formula of any number of results, unrecorded. */
    public static List<Tensor> evaluate(Formula formula, List<Double> numbers, List<Tensor> inputs) {
        Tensor first = inputs.get(0);
        Shape shape = first.shape();
        for (Tensor x : inputs) {
            shape = Shape.broadcast("evaluate", shape, x.shape());
        }
        List<Tensor> results = new ArrayList<>();
        for (int o = 0; o < formula.outputs().size(); o++) {
            results.add(Tensor.empty(shape, first.dtype(), first.device()));
        }
        first.device().kernels().evaluate(formula, inputs, array(numbers), results);
        Reference.reachabilityFence(inputs);
        return results;
    }

    @Override
    public Output forward(Kernels kernels, List<Tensor> inputs) {
        return Output.of(evaluate(formula, numbers, inputs).get(0));
    }

    @Override
    public List<Tensor> backward(Node node, Tensor dy) {
        double[] told = array(numbers);
        Expression[] values = values(node, told);
        @Nullable Expression[] slopes = new Expression[values.length]; // of the result, with respect to each value
        slopes[formula.outputs().get(0)] = Expression.of(dy);
        for (int s = formula.steps().size() - 1; s >= 0; s--) {
            int value = formula.inputs() + s;
            @Nullable Expression d = slopes[value];
            if (d != null) {
                chain(formula.steps().get(s), value, d, told, values, slopes);
            }
        }
        List<Expression> wanted = new ArrayList<>();
        for (int i = 0; i < formula.inputs(); i++) {
            @Nullable Expression d = slopes[i];
            if (node.needsGradient(i) && d != null) {
                wanted.add(d);
            }
        }
        List<Tensor> made = Expression.evaluate(wanted.toArray(Expression[]::new));
        Tensor[] gradients = new Tensor[formula.inputs()];
        int next = 0;
        for (int i = 0; i < gradients.length; i++) {
            if (node.needsGradient(i)) {
                gradients[i] = slopes[i] == null ? Tensor.zerosLike(node.input(i)) : made.get(next++);
            }
        }
        return Arrays.asList(gradients);
    }

    private static double[] array(List<Double> numbers) {
        double[] array = new double[numbers.size()];
        for (int i = 0; i < array.length; i++) {
            array[i] = numbers.get(i);
        }
        return array;
    }

    private Expression[] values(Node node, double[] told) {
        Expression[] values = new Expression[formula.values()];
        for (int i = 0; i < formula.inputs(); i++) {
            values[i] = Expression.of(node.input(i));
        }
        for (int s = 0; s < formula.steps().size(); s++) {
            Step step = formula.steps().get(s);
            Expression made;
            if (step instanceof Step.Function f) {
                made = values[f.x()].unary(f.with(told));
            } else if (step instanceof Step.Pair p) {
                made = values[p.a()].binary(p.f(), values[p.b()]);
            } else {
                made = Expression.constant(told[((Step.Number) step).index()]);
            }
            values[formula.inputs() + s] = made;
        }
        return values;
    }

    /** Adds to the slopes of a step's operands what comes to them by this step, whose own slope is d. */
    private static void chain(
            Step step, int value, Expression d, double[] told, Expression[] values, @Nullable Expression[] slopes) {
        if (step instanceof Step.Function f) {
            Unary unary = f.with(told);
            boolean affine = f.f() == Unary.Function.AFFINE;
            add(slopes, f.x(), affine ? d.mul(unary.a()) : d.mul(unary.derivative(values[f.x()], values[value])));
        } else if (step instanceof Step.Pair p) {
            Expression a = values[p.a()];
            Expression b = values[p.b()];
            switch (p.f()) {
                case ADD -> {
                    add(slopes, p.a(), d);
                    add(slopes, p.b(), d);
                }
                case SUB -> {
                    add(slopes, p.a(), d);
                    add(slopes, p.b(), d.neg());
                }
                case MUL -> {
                    add(slopes, p.a(), d.mul(b));
                    add(slopes, p.b(), d.mul(a));
                }
                case DIV -> {
                    add(slopes, p.a(), d.div(b));
                    add(slopes, p.b(), d.mul(values[value]).div(b).neg());
                }
                case MAX -> {
                    add(slopes, p.a(), d.mul(share(b, a)));
                    add(slopes, p.b(), d.mul(share(a, b)));
                }
                case MIN -> {
                    add(slopes, p.a(), d.mul(share(a, b)));
                    add(slopes, p.b(), d.mul(share(b, a)));
                }
                case EQUAL, LESS, LESS_EQUAL, POW -> {} // steps are flat, powers are not taken
            }
        }
    }

    private static void add(@Nullable Expression[] slopes, int value, Expression d) {
        @Nullable Expression before = slopes[value];
        slopes[value] = before == null ? d : before.add(d);
    }

    /** Returns 1 where {@code low < high}, ½ where they are equal, else 0. */
    private static Expression share(Expression low, Expression high) {
        return low.binary(Binary.LESS, high)
                .add(low.binary(Binary.LESS_EQUAL, high))
                .mul(0.5);
    }
}
