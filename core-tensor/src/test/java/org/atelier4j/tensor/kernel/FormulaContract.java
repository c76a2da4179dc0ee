package org.atelier4j.tensor.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Formula.Step;
import org.junit.jupiter.api.Test;

/** Formulas of several tensors, evaluated in one pass. */
interface FormulaContract extends ContractPart {
    /** Functions by what they are tried on, eight results a formula at most: a card compiles each formula. */
    private static List<List<Unary.Function>> groups() {
        List<Unary.Function> positive = new ArrayList<>(ElementwiseContract.POSITIVE);
        positive.add(Unary.Function.RECIPROCAL);
        List<Unary.Function> others = new ArrayList<>(List.of(Unary.Function.values()));
        others.removeAll(positive);
        others.removeAll(ElementwiseContract.STEPS);
        return List.of(
                positive,
                List.copyOf(ElementwiseContract.STEPS),
                others.subList(0, 8),
                others.subList(8, 16),
                others.subList(16, others.size()));
    }

    @Test
    @Covers("evaluate")
    default void everyFunctionMayBePartOfAFormula() {
        double[] numbers = {0.7, -0.3, -0.5, 1.25}; // the last two for CLAMP
        for (List<Unary.Function> functions : groups()) {
            boolean exact = functions.contains(Unary.Function.SIGN);
            boolean positive = functions.contains(Unary.Function.LOG);
            List<Step> steps = new ArrayList<>();
            List<Integer> results = new ArrayList<>();
            for (Unary.Function f : functions) {
                results.add(1 + steps.size());
                steps.add(new Step.Function(f, 0, f == Unary.Function.CLAMP ? 2 : 0));
            }
            Formula formula = new Formula(1, 4, steps, results);
            for (DType dtype : floats()) {
                for (int n : SIZES) {
                    Trial trial = trial("formula of %s %s, n = %d", functions, dtype, n);
                    Tensor x = trial.in(dtype, Shape.of(n), z -> positive ? Math.abs(z) + 0.1 : 3 * z);
                    List<Tensor> y =
                            results.stream().map(r -> trial.out(dtype, n)).toList();
                    double tol = exact ? 0 : 4 * rtol(dtype);
                    trial.close(
                            tol,
                            tol,
                            (k, t) -> k.evaluate(
                                    formula,
                                    List.of(t.of(x)),
                                    numbers,
                                    y.stream().map(t::of).toList()));
                }
            }
        }
    }

    @Test
    @Covers("evaluate")
    default void everyPairMayBroadcast() {
        everyPairMayBroadcast(
                List.of(Binary.MAX, Binary.MIN, Binary.EQUAL, Binary.LESS, Binary.LESS_EQUAL), Math::rint, false);
        everyPairMayBroadcast(
                List.of(Binary.ADD, Binary.SUB, Binary.MUL, Binary.DIV), z -> z + 3 * Math.signum(z), true);
    }

    private void everyPairMayBroadcast(List<Binary> functions, DoubleUnaryOperator law, boolean rounds) {
        List<Step> steps = new ArrayList<>();
        List<Integer> results = new ArrayList<>();
        for (Binary f : functions) {
            results.add(2 + steps.size());
            steps.add(new Step.Pair(f, 0, 1));
        }
        Formula formula = new Formula(2, 0, steps, results);
        for (DType dtype : floats()) {
            for (int[][] pair : ElementwiseContract.PAIRS) {
                Shape left = Shape.of(pair[0]);
                Shape right = Shape.of(pair[1]);
                Trial trial = trial("formula of %s %s of %s and %s", functions, dtype, left, right);
                Tensor a = trial.in(dtype, left, law);
                Tensor b = trial.in(dtype, right, law);
                Shape both = Shape.broadcast("test", left, right);
                List<Tensor> y =
                        results.stream().map(r -> trial.out(dtype, both)).toList();
                trial.close(
                        rounds ? rtol(dtype) : 0,
                        0,
                        (k, t) -> k.evaluate(
                                formula,
                                List.of(t.of(a), t.of(b)),
                                new double[0],
                                y.stream().map(t::of).toList()));
            }
        }
    }

    /** {@code x = a x + b c + d z} with a number c and factors per image, per channel and for all, and x clamped. */
    @Test
    @Covers("evaluate")
    default void factorsPerImageAndPerChannelAreBroadcast() {
        Formula formula = new Formula(
                5,
                3,
                List.of(
                        new Step.Pair(Binary.MUL, 0, 1),
                        new Step.Number(0),
                        new Step.Pair(Binary.MUL, 2, 6),
                        new Step.Pair(Binary.ADD, 5, 7),
                        new Step.Pair(Binary.MUL, 3, 4),
                        new Step.Pair(Binary.ADD, 8, 9),
                        new Step.Function(Unary.Function.CLAMP, 10, 1)),
                List.of(10, 11));
        for (DType dtype : floats()) {
            for (Shape shape : List.of(Shape.of(2, 3, 3, 5), Shape.of(3, 4, 4, 8), Shape.of(2, 50, 101, 3))) {
                int channels = shape.dim(3);
                Trial trial = trial("formula with factors, %s %s", dtype, shape);
                Tensor x = trial.in(dtype, shape);
                Tensor a = trial.in(dtype, shape.dim(0), 1, 1, 1);
                Tensor b = trial.in(dtype, channels);
                Tensor d = trial.in(dtype, Shape.scalar());
                Tensor z = trial.in(dtype, shape);
                Tensor y = trial.out(dtype, shape);
                Tensor clamped = trial.out(dtype, shape);
                double tol = 4 * rtol(dtype);
                trial.close(
                        tol,
                        2 * tol,
                        (k, t) -> k.evaluate(
                                formula,
                                List.of(t.of(x), t.of(a), t.of(b), t.of(d), t.of(z)),
                                new double[] {0.3, -1, 1},
                                List.of(t.of(y), t.of(clamped))));
            }
        }
    }

    /** Many steps in random order, which need many values at once and give some of them up soon. */
    @Test
    @Covers("evaluate")
    default void longFormulasKeepTheirValuesApart() {
        for (int seed = 0; seed < 6; seed++) {
            Random random = new Random(seed);
            int inputs = 1 + random.nextInt(6);
            List<Step> steps = new ArrayList<>();
            for (int s = 0; s < 25; s++) {
                int a = random.nextInt(inputs + s);
                int b = random.nextInt(inputs + s);
                steps.add(
                        switch (random.nextInt(4)) {
                            case 0 -> new Step.Pair(Binary.MAX, a, b);
                            case 1 -> new Step.Pair(Binary.MIN, a, b);
                            case 2 -> new Step.Number(random.nextInt(4));
                            default -> new Step.Function(Unary.Function.AFFINE, a, random.nextInt(2) * 2);
                        });
            }
            Formula formula =
                    new Formula(inputs, 4, steps, List.of(inputs + 24, inputs + 12, inputs + 23, inputs + 12));
            for (DType dtype : seed == 0 ? floats() : List.of(DType.FLOAT32)) {
                Trial trial = trial("random formula %d %s", seed, dtype);
                List<Tensor> from = new ArrayList<>();
                for (int i = 0; i < inputs; i++) {
                    from.add(trial.in(dtype, Shape.of(4200), z -> Math.rint(8 * z) / 8));
                }
                List<Tensor> to = new ArrayList<>();
                for (int i = 0; i < 4; i++) {
                    to.add(trial.out(dtype, 4200));
                }
                double[] numbers = {1, 0.25, -0.5, 0.5};
                double tol = dtype == DType.BFLOAT16 ? rtol(dtype) : 0; // no step but the last rounds
                trial.close(
                        tol,
                        tol,
                        (k, t) -> k.evaluate(
                                formula,
                                from.stream().map(t::of).toList(),
                                numbers,
                                to.stream().map(t::of).toList()));
            }
        }
    }
}
