package org.atelier4j.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.DoubleUnaryOperator;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.Unary.Function;
import org.junit.jupiter.api.Test;

/** Functions of one and two numbers, and selection. */
interface ElementwiseContract extends ContractPart {
    Set<Function> POSITIVE = EnumSet.of(Function.LOG, Function.SQRT, Function.RSQRT, Function.POW);
    Set<Function> STEPS = EnumSet.of(Function.SIGN, Function.FLOOR, Function.ROUND);
    Set<Function> DEFINED_AT_INFINITY = EnumSet.of(
            Function.AFFINE,
            Function.RELU,
            Function.SIGMOID,
            Function.TANH,
            Function.EXP,
            Function.ABS,
            Function.SQUARE);

    private static Unary with(Function f) {
        return new Unary(f, f == Function.CLAMP ? -0.5 : 0.7, f == Function.CLAMP ? 1.25 : -0.3);
    }

    private static DoubleUnaryOperator domain(Function f) {
        return POSITIVE.contains(f) ? z -> Math.abs(z) + 1e-3 : z -> 3 * z;
    }

    @Test
    @Covers({"unary", "unaryBackward"})
    default void functionsAndSlopesAgreeForAllSizes() {
        for (Function f : Function.values()) {
            for (DType dtype : floats()) {
                for (int n : SIZES) {
                    Unary unary = with(f);
                    double tol = rtol(dtype);
                    Trial trial = trial("%s %s, n = %d", f, dtype, n);
                    Tensor x = trial.in(dtype, Shape.of(n), domain(f));
                    Tensor y = trial.out(dtype, n);
                    trial.close(
                            STEPS.contains(f) ? 0 : tol,
                            STEPS.contains(f) ? 0 : tol,
                            (k, t) -> k.unary(unary, t.of(x), t.of(y)));

                    Trial back = trial("%s backward %s, n = %d", f, dtype, n);
                    Tensor in = back.in(dtype, Shape.of(n), domain(f));
                    double[] values = java.util.Arrays.stream(Raw.doubles(in))
                            .map(v -> ReferenceKernels.value(unary, v))
                            .toArray();
                    Tensor out = back.in(dtype, Shape.of(n), values);
                    Tensor dy = back.in(dtype, n);
                    Tensor dx = back.out(dtype, n);
                    // the slope may be computed from a rounded y, so a few of its units are lost
                    back.close(
                            4 * tol,
                            4 * tol,
                            (k, t) -> k.unaryBackward(unary, t.of(in), t.of(out), t.of(dy), t.of(dx)));
                }
            }
        }
    }

    @Test
    @Covers("unary")
    default void functionsAgreeOnLongTensors() {
        for (Function f : List.of(Function.AFFINE, Function.SILU, Function.GELU, Function.EXP)) {
            Trial trial = trial("long %s", f);
            Tensor x = trial.in(DType.FLOAT32, LONG);
            Tensor y = trial.out(DType.FLOAT32, LONG);
            double tol = rtol(DType.FLOAT32);
            trial.close(tol, tol, (k, t) -> k.unary(with(f), t.of(x), t.of(y)));
        }
    }

    @Test
    @Covers("unary")
    default void functionsSurviveExtremes() {
        double[] values = {
            0, -0.0, 1, -1, 0.5, -0.5, 1e-20, -1e-20, 1e-38, 20, -20, 87, -87, 105, -105, 1e6, -1e6, 1e15, -1e15
        };
        double[] positive = {1, 0.5, 1e-20, 1e-30, 87, 1e6, 1e15};
        for (Function f : Function.values()) {
            boolean periodic = f == Function.SIN || f == Function.COS;
            for (DType dtype : floats()) {
                double[] inputs = POSITIVE.contains(f) || f == Function.RECIPROCAL ? positive : values;
                double[] used = java.util.Arrays.stream(inputs)
                        .filter(v -> !periodic || Math.abs(v) < 1e3)
                        .toArray();
                Trial trial = trial("extremes of %s %s", f, dtype);
                Tensor x = trial.in(dtype, Shape.of(used.length), used);
                Tensor y = trial.out(dtype, used.length);
                // eˣ grows as fast as its argument's rounding does
                double tol = (f == Function.EXP ? 50 : 4) * rtol(dtype);
                trial.close(tol, tol, (k, t) -> k.unary(with(f), t.of(x), t.of(y)));
            }
        }
    }

    /** Returns whether a function of NaN is NaN; of any other, it must at least be no finite number. */
    default boolean keepsNaN(Function f) {
        return true;
    }

    @Test
    @Covers("unary")
    default void functionsPassNaNOnAndKnowTheirLimits() {
        double[] values = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 1};
        for (Function f : Function.values()) {
            for (DType dtype : floats()) {
                Trial trial = trial("NaN through %s %s", f, dtype);
                Tensor x = trial.in(
                        dtype,
                        Shape.of(4),
                        DEFINED_AT_INFINITY.contains(f) ? values : new double[] {Double.NaN, 1, Double.NaN, 0.25});
                Tensor y = trial.out(dtype, 4);
                if (keepsNaN(f)) {
                    trial.close(rtol(dtype), rtol(dtype), (k, t) -> k.unary(with(f), t.of(x), t.of(y)));
                } else {
                    kernels().unary(with(f), x, y);
                    assertThat(Double.isFinite(Raw.doubles(y)[0]))
                            .as("%s of NaN is finite", f)
                            .isFalse();
                }
            }
        }
    }

    @Test
    @Covers("unaryBackward")
    default void slopesAtKinksAreThoseOfTheRightSideButZeroForReluAndAbs() {
        for (DType dtype : floats()) {
            for (Function f : List.of(Function.RELU, Function.ABS, Function.CLAMP, Function.SIGN)) {
                Trial trial = trial("kink of %s %s", f, dtype);
                Unary unary = new Unary(f, f == Function.CLAMP ? 0 : 0.25, 1);
                double[] values = {-1, 0, 0.5, 1, 2};
                double[] images = java.util.Arrays.stream(values)
                        .map(v -> ReferenceKernels.value(unary, v))
                        .toArray();
                Tensor x = trial.in(dtype, Shape.of(5), values);
                Tensor y = trial.in(dtype, Shape.of(5), images);
                Tensor dy = trial.in(dtype, Shape.of(5), new double[] {1, 1, 1, 1, 1});
                Tensor dx = trial.out(dtype, 5);
                trial.exact((k, t) -> k.unaryBackward(unary, t.of(x), t.of(y), t.of(dy), t.of(dx)));
            }
        }
    }

    /** Pairs of shapes; the result is their broadcast. */
    int[][][] PAIRS = {
        {{}, {}},
        {{1}, {1}},
        {{0}, {1}},
        {{0, 3}, {3}},
        {{7}, {7}},
        {{17}, {}},
        {{}, {255}},
        {{1024}, {1}},
        {{3, 1}, {1, 5}},
        {{8, 16}, {16}},
        {{8, 16}, {8, 1}},
        {{2, 3, 4}, {3, 1}},
        {{2, 1, 4, 1}, {3, 1, 5}},
        {{2, 5, 5, 7}, {7}},
        {{2, 5, 5, 7}, {2, 1, 1, 7}},
        {{2, 5, 5, 7}, {2, 5, 5, 1}},
        {{1, 1, 7}, {2, 5, 7}},
        {{4, 1, 1, 3}, {1, 6, 6, 3}},
        {{17, 3}, {17, 3}}
    };

    @Test
    @Covers("binary")
    default void binaryBroadcastsEveryPattern() {
        for (Binary f : Binary.values()) {
            for (DType dtype : floats()) {
                for (int[][] pair : PAIRS) {
                    binaryCase(f, dtype, Shape.of(pair[0]), Shape.of(pair[1]));
                }
            }
            binaryCase(f, DType.FLOAT32, Shape.of(5, 2002, 7), Shape.of(7));
            binaryCase(f, DType.FLOAT32, Shape.of(LONG), Shape.of(LONG));
        }
    }

    private void binaryCase(Binary f, DType dtype, Shape left, Shape right) {
        Trial trial = trial("%s %s of %s and %s", f, dtype, left, right);
        boolean ties = f.isComparison() || f == Binary.MAX || f == Binary.MIN;
        DoubleUnaryOperator law =
                ties ? Math::rint : f == Binary.POW ? z -> Math.abs(z) + 0.1 : z -> z + 3 * Math.signum(z);
        Tensor a = trial.in(dtype, left, law);
        Tensor b = trial.in(dtype, right, law);
        Tensor y = trial.out(f.isComparison() ? DType.BOOL : dtype, Shape.broadcast("test", left, right));
        double tol = ties ? 0 : rtol(dtype) * (f == Binary.POW ? 10 : 1);
        trial.close(tol, 0, (k, t) -> k.binary(f, t.of(a), t.of(b), t.of(y)));
    }

    @Test
    @Covers("binary")
    default void binaryTakesIntegersToo() {
        for (Binary f : Binary.values()) {
            for (DType dtype : List.of(DType.INT32, DType.INT64, DType.UINT8)) {
                for (int[][] pair : PAIRS) {
                    Shape left = Shape.of(pair[0]);
                    Shape right = Shape.of(pair[1]);
                    Trial trial = trial("%s %s of %s and %s", f, dtype, left, right);
                    Tensor a = trial.in(dtype, left);
                    Tensor b = trial.in(dtype, right, z -> f == Binary.DIV && z == 0 ? 3 : f == Binary.POW ? 2 : z);
                    Tensor y = trial.out(f.isComparison() ? DType.BOOL : dtype, Shape.broadcast("test", left, right));
                    trial.exact((k, t) -> k.binary(f, t.of(a), t.of(b), t.of(y)));
                }
            }
        }
    }

    @Test
    @Covers("binary")
    default void integersAreExactBeyondDoublesAndWrap() {
        long big = (1L << 62) + 12345;
        Tensor a = Tensor.of(new long[] {big, Long.MAX_VALUE, -7, 3}, 4);
        Tensor b = Tensor.of(new long[] {1, 1, 2, -2}, 4);
        assertThat(longs(Binary.ADD, a, b)).containsExactly(big + 1, Long.MIN_VALUE, -5, 1);
        assertThat(longs(Binary.SUB, a, b)).containsExactly(big - 1, Long.MAX_VALUE - 1, -9, 5);
        assertThat(longs(Binary.MUL, a, b)).containsExactly(big, Long.MAX_VALUE, -14, -6);
        assertThat(longs(Binary.DIV, a, b)).containsExactly(big, Long.MAX_VALUE, -3, -1);
        assertThat(longs(Binary.POW, a, b)).containsExactly(big, Long.MAX_VALUE, 49, 0);
        Tensor zero = Tensor.of(new long[] {1, 0, 1, 1}, 4);
        assertThatThrownBy(() -> longs(Binary.DIV, a, zero))
                .isInstanceOf(ArithmeticException.class)
                .hasMessageContaining("integer divisors must not be 0");
    }

    private long[] longs(Binary f, Tensor a, Tensor b) {
        Tensor y = Tensor.empty(a.shape(), DType.INT64, a.device());
        kernels().binary(f, a, b, y);
        return Raw.longs(y);
    }

    @Test
    @Covers("binary")
    default void binaryHandlesSpecialNumbers() {
        double nan = Double.NaN;
        double inf = Double.POSITIVE_INFINITY;
        double[] left = {nan, 1, nan, inf, -inf, inf, 0, -0.0, 1, -1, 1e-30, 1e30};
        double[] right = {1, nan, nan, 1, 1, inf, 0, 0, 0, 0, 1e-30, 1e30};
        for (Binary f : Binary.values()) {
            if (f == Binary.POW) {
                continue;
            }
            for (DType dtype : floats()) {
                Trial trial = trial("special numbers in %s %s", f, dtype);
                Tensor a = trial.in(dtype, Shape.of(left.length), left);
                Tensor b = trial.in(dtype, Shape.of(right.length), right);
                Tensor y = trial.out(f.isComparison() ? DType.BOOL : dtype, left.length);
                trial.close(rtol(dtype), 1e-44, (k, t) -> k.binary(f, t.of(a), t.of(b), t.of(y)));
            }
        }
    }

    @Test
    @Covers("where")
    default void whereSelectsWithBroadcastingForEveryType() {
        int[][][] triples = {
            {{}, {}, {}},
            {{0}, {1}, {}},
            {{7}, {7}, {7}},
            {{5, 1}, {1, 3}, {}},
            {{}, {17, 2}, {2}},
            {{2, 1, 1, 3}, {2, 4, 4, 3}, {1}},
            {{4, 4}, {3, 4, 4}, {4}},
            {{255}, {}, {255}}
        };
        for (DType dtype : DType.values()) {
            for (int[][] shapes : triples) {
                Shape c = Shape.of(shapes[0]);
                Shape a = Shape.of(shapes[1]);
                Shape b = Shape.of(shapes[2]);
                Trial trial = trial("where %s %s %s %s", dtype, c, a, b);
                Tensor condition = trial.in(DType.BOOL, c);
                Tensor x = trial.in(dtype, a);
                Tensor y = trial.in(dtype, b);
                Tensor z = trial.out(dtype, Shape.broadcast("test", c, Shape.broadcast("test", a, b)));
                trial.exact((k, t) -> k.where(t.of(condition), t.of(x), t.of(y), t.of(z)));
            }
        }
        Trial trial = trial("long where");
        Tensor condition = trial.in(DType.BOOL, LONG);
        Tensor x = trial.in(DType.FLOAT32, LONG);
        Tensor y = trial.in(DType.FLOAT32, Shape.scalar(), z -> Double.NEGATIVE_INFINITY);
        Tensor z = trial.out(DType.FLOAT32, LONG);
        trial.exact((k, t) -> k.where(t.of(condition), t.of(x), t.of(y), t.of(z)));
    }
}
