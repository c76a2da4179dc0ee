package org.atelier4j.tensor;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.atelier4j.tensor.autograd.NoGrad;
import org.atelier4j.tensor.kernel.Binary;
import org.atelier4j.tensor.kernel.Formula;
import org.atelier4j.tensor.kernel.Formula.Step;
import org.atelier4j.tensor.kernel.Unary;
import org.atelier4j.tensor.op.Fused;
import org.jspecify.annotations.Nullable;

/**
 * Arithmetic of tensors, element by element, that waits until its result is asked for and then takes one pass over memory,
 * on a card one kernel. It reads like that of {@link Tensor}, whose operations each make a pass of their own:
 *
 * <pre>{@code
 * Expression mean = Expression.of(x0).mul(a).add(Expression.of(xt).mul(b));
 * Tensor next = mean.add(Expression.of(noise).mul(sigma)).tensor();
 * }</pre>
 *
 * <p>Tensors broadcast and must be of one floating type and on one device. Between the operations numbers are kept at least as
 * exactly as elements: FLOAT32 results are those of single operations to a few units in the last place (on the host, of
 * arithmetic, to the bit), BFLOAT16 results are rounded less often, on a card once. Results can be differentiated, and their derivatives again, as
 * long as the formulas that come of it keep to 20 tensors and 128 numbers.
 *
 * <p>An expression is immutable, reads its tensors when it is evaluated, and must be evaluated while they are alive.
 */
public final class Expression {

    /** What an expression is made of. */
    private sealed interface Term {
        record Leaf(Tensor tensor) implements Term {}

        record Constant(double value) implements Term {}

        record Applied(Unary f, Expression x) implements Term {}

        record Pair(Binary f, Expression a, Expression b) implements Term {}
    }

    private final Term term;
    private final Shape shape;
    private final @Nullable Tensor example; // any of the tensors, all being alike in element type and device

    private Expression(Term term, Shape shape, @Nullable Tensor example) {
        this.term = term;
        this.shape = shape;
        this.example = example;
    }

    /** Returns a tensor as it is. */
    public static Expression of(Tensor tensor) {
        Check.that(tensor.dtype().isFloating(), "Expression: dtype must be floating, got %s", tensor.dtype());
        return new Expression(new Term.Leaf(tensor), tensor.shape(), tensor);
    }

    /** Returns a number. */
    public static Expression constant(double value) {
        return new Expression(new Term.Constant(value), Shape.scalar(), null);
    }

    /** Returns the shape of the result. */
    public Shape shape() {
        return shape;
    }

    // --- asking for results -----------------------------------------------------------------------------------------

    /** Returns the result; the tensor itself where nothing was done with it. */
    public Tensor tensor() {
        return evaluate(this).get(0);
    }

    /**
     * Returns the results of several expressions: in one pass, if they are of one shape, type and device, few enough for a
     * {@link Formula}, and nothing is recorded.
     */
    public static List<Tensor> evaluate(Expression... expressions) {
        List<Expression> pending = new ArrayList<>();
        boolean alike = true;
        for (Expression e : expressions) {
            if (!(e.term instanceof Term.Leaf) && !pending.contains(e)) {
                alike &= pending.isEmpty() || e.isLike(pending.get(0));
                pending.add(e);
            }
        }
        Map<Expression, Tensor> made = new IdentityHashMap<>();
        @Nullable
        Plan all = alike && !pending.isEmpty() && pending.size() <= Formula.MOST_OUTPUTS ? Plan.of(pending) : null;
        if (all != null && !all.isRecorded()) {
            List<Tensor> results = all.run();
            for (int i = 0; i < results.size(); i++) {
                made.put(pending.get(i), results.get(i));
            }
        } else {
            pending.forEach(e -> made.put(e, Plan.of(List.of(e)).record()));
        }
        List<Tensor> results = new ArrayList<>();
        for (Expression e : expressions) {
            results.add(e.term instanceof Term.Leaf leaf ? leaf.tensor : made.get(e));
        }
        return results;
    }

    private boolean isLike(Expression other) {
        return example != null
                && other.example != null
                && shape.equals(other.shape)
                && example.dtype() == other.example.dtype()
                && example.device() == other.example.device();
    }

    /** A formula with what it is applied to. */
    private record Plan(Formula formula, List<Double> numbers, List<Tensor> inputs) {

        static Plan of(List<Expression> results) {
            Order order = new Order();
            results.forEach(order::visit);
            return order.plan(results);
        }

        boolean isRecorded() {
            return !NoGrad.isActive() && inputs.stream().anyMatch(x -> x.node() != null);
        }

        Tensor record() {
            return new Fused(formula, numbers).apply(inputs.toArray(Tensor[]::new));
        }

        List<Tensor> run() {
            return Fused.evaluate(formula, numbers, inputs);
        }
    }

    /** Brings expressions into an order in which each comes after what it is made of, each once. */
    private static final class Order {
        private final Map<Expression, Integer> values = new IdentityHashMap<>();
        private final Map<Tensor, Integer> inputs = new IdentityHashMap<>();
        private final List<Tensor> tensors = new ArrayList<>();
        private final List<Expression> steps = new ArrayList<>();

        void visit(Expression e) {
            if (values.putIfAbsent(e, -1) != null) {
                return;
            }
            if (e.term instanceof Term.Leaf leaf) {
                int input = inputs.computeIfAbsent(leaf.tensor, t -> tensors.size());
                if (input == tensors.size()) {
                    tensors.add(leaf.tensor);
                }
                values.put(e, input);
                return;
            }
            if (e.term instanceof Term.Applied f) {
                visit(f.x);
            } else if (e.term instanceof Term.Pair p) {
                visit(p.a);
                visit(p.b);
            }
            steps.add(e);
        }

        Plan plan(List<Expression> results) {
            Check.that(!tensors.isEmpty(), "Expression: there must be a tensor in it, got numbers only");
            List<Double> numbers = new ArrayList<>();
            List<Step> made = new ArrayList<>();
            for (Expression e : steps) {
                values.put(e, tensors.size() + made.size());
                made.add(step(e.term, numbers));
            }
            List<Integer> outputs = results.stream().map(this::value).toList();
            return new Plan(new Formula(tensors.size(), numbers.size(), made, outputs), numbers, tensors);
        }

        private int value(Expression e) {
            return Objects.requireNonNull(values.get(e));
        }

        private Step step(Term term, List<Double> numbers) {
            int first = numbers.size();
            if (term instanceof Term.Constant c) {
                numbers.add(c.value);
                return new Step.Number(first);
            }
            if (term instanceof Term.Applied f) {
                if (f.f.function().hasConstants()) {
                    numbers.add(f.f.a());
                    numbers.add(f.f.b());
                }
                return new Step.Function(
                        f.f.function(), value(f.x), f.f.function().hasConstants() ? first : 0);
            }
            Term.Pair p = (Term.Pair) term;
            return new Step.Pair(p.f, value(p.a), value(p.b));
        }
    }

    // --- arithmetic -------------------------------------------------------------------------------------------------

    /** Returns {@code f(this)}. */
    public Expression unary(Unary f) {
        return new Expression(new Term.Applied(f, this), shape, example);
    }

    /** Returns {@code f(this, other)}; comparisons give 1 or 0, POW is not taken. */
    public Expression binary(Binary f, Expression other) {
        @Nullable Tensor a = example;
        @Nullable Tensor b = other.example;
        if (a != null && b != null && (a.dtype() != b.dtype() || a.device() != b.device())) {
            throw new IllegalArgumentException(f.word() + ": tensors must be of one element type and device, got "
                    + a.dtype() + " on " + a.device().name() + " and " + b.dtype() + " on "
                    + b.device().name());
        }
        Shape both = Shape.broadcast(f.word(), shape, other.shape);
        return new Expression(new Term.Pair(f, this, other), both, a == null ? b : a);
    }

    /** Returns {@code this + other}. */
    public Expression add(Expression other) {
        return binary(Binary.ADD, other);
    }

    /** Returns {@code this + value}. */
    public Expression add(double value) {
        return affine(1, value);
    }

    /** Returns {@code this − other}. */
    public Expression sub(Expression other) {
        return binary(Binary.SUB, other);
    }

    /** Returns {@code this − value}. */
    public Expression sub(double value) {
        return affine(1, -value);
    }

    /** Returns {@code this ⊙ other}. */
    public Expression mul(Expression other) {
        return binary(Binary.MUL, other);
    }

    /** Returns {@code value · this}. */
    public Expression mul(double value) {
        return affine(value, 0);
    }

    /** Returns {@code this / other}. */
    public Expression div(Expression other) {
        return binary(Binary.DIV, other);
    }

    /** Returns {@code this / value}. */
    public Expression div(double value) {
        return affine(1 / value, 0);
    }

    /** Returns {@code −this}. */
    public Expression neg() {
        return affine(-1, 0);
    }

    /** Returns {@code scale · this + shift}. */
    public Expression affine(double scale, double shift) {
        return unary(new Unary(Unary.Function.AFFINE, scale, shift));
    }

    /** Returns the larger of each pair. */
    public Expression max(Expression other) {
        return binary(Binary.MAX, other);
    }

    /** Returns the smaller of each pair. */
    public Expression min(Expression other) {
        return binary(Binary.MIN, other);
    }

    /** Returns 1 where {@code this == other}, else 0. */
    public Expression equal(Expression other) {
        return binary(Binary.EQUAL, other);
    }

    /** Returns 1 where {@code this > value}, else 0. */
    public Expression greater(double value) {
        return constant(value).binary(Binary.LESS, this);
    }

    // --- functions --------------------------------------------------------------------------------------------------

    /** Returns {@code min(max(x, low), high)}. */
    public Expression clamp(double low, double high) {
        return unary(new Unary(Unary.Function.CLAMP, low, high));
    }

    /** Returns {@code x^exponent}. */
    public Expression pow(double exponent) {
        return exponent == 2 ? square() : unary(Unary.of(Unary.Function.POW, exponent));
    }

    /** Returns {@code x²}. */
    public Expression square() {
        return unary(Unary.of(Unary.Function.SQUARE));
    }

    /** Returns {@code √x}. */
    public Expression sqrt() {
        return unary(Unary.of(Unary.Function.SQRT));
    }

    /** Returns {@code 1/x}. */
    public Expression reciprocal() {
        return unary(Unary.of(Unary.Function.RECIPROCAL));
    }

    /** Returns {@code eˣ}. */
    public Expression exp() {
        return unary(Unary.of(Unary.Function.EXP));
    }

    /** Returns {@code ln x}. */
    public Expression log() {
        return unary(Unary.of(Unary.Function.LOG));
    }

    /** Returns {@code σ(x) = 1/(1 + e⁻ˣ)}. */
    public Expression sigmoid() {
        return unary(Unary.of(Unary.Function.SIGMOID));
    }

    /** Returns the hyperbolic tangent. */
    public Expression tanh() {
        return unary(Unary.of(Unary.Function.TANH));
    }

    /** Returns −1, 0 or 1. */
    public Expression sign() {
        return unary(Unary.of(Unary.Function.SIGN));
    }

    /** Returns the sine, in radians. */
    public Expression sin() {
        return unary(Unary.of(Unary.Function.SIN));
    }

    /** Returns the cosine, in radians. */
    public Expression cos() {
        return unary(Unary.of(Unary.Function.COS));
    }

    /** Returns the error function. */
    public Expression erf() {
        return unary(Unary.of(Unary.Function.ERF));
    }
}
