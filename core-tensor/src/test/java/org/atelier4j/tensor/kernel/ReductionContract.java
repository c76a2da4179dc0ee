package org.atelier4j.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Reductions over axes, who is largest, and running sums. */
interface ReductionContract extends ContractPart {
    int[][] SHAPES = {
        {1}, {7}, {255}, {1024}, {3, 17}, {1, 5}, {5, 1}, {2, 3, 4}, {8, 1, 16}, {2, 5, 3, 7}, {3, 2, 1, 2, 5}
    };

    private static int[] axes(int mask, int rank) {
        return IntStream.range(0, rank).filter(i -> (mask >> i & 1) == 1).toArray();
    }

    private static Shape reduced(Shape shape, int[] axes) {
        Shape result = shape;
        for (int axis : axes) {
            result = result.with(axis, 1);
        }
        return result;
    }

    @Test
    @Covers("reduce")
    default void reducesOverEverySetOfAxes() {
        for (Reduction f : Reduction.values()) {
            for (DType dtype : floats()) {
                for (int[] dims : SHAPES) {
                    Shape shape = Shape.of(dims);
                    for (int mask = 1; mask < 1 << dims.length; mask++) {
                        reduceCase(f, dtype, shape, axes(mask, dims.length));
                    }
                }
            }
        }
    }

    private void reduceCase(Reduction f, DType dtype, Shape shape, int[] axes) {
        Trial trial = trial("%s %s of %s over %s", f, dtype, shape, Arrays.toString(axes));
        Tensor x = trial.in(dtype, shape, z -> f == Reduction.PROD ? 1 + 0.05 * z : z);
        Tensor y = trial.out(dtype, reduced(shape, axes));
        Trial.Call call = (k, t) -> k.reduce(f, t.of(x), axes, t.of(y));
        if (f == Reduction.MAX || f == Reduction.MIN) {
            trial.exact(call);
        } else {
            trial.products(rtol(dtype), rtol(dtype == DType.FLOAT64 ? dtype : DType.FLOAT32), call);
        }
    }

    @Test
    @Covers("reduce")
    default void longReductionsAgree() {
        for (Reduction f : Reduction.values()) {
            if (f != Reduction.PROD) {
                reduceCase(f, DType.FLOAT32, Shape.of(LONG), new int[] {0});
                reduceCase(f, DType.FLOAT32, Shape.of(3001, 33), new int[] {0});
                reduceCase(f, DType.FLOAT32, Shape.of(3001, 33), new int[] {1});
                reduceCase(f, DType.FLOAT32, Shape.of(3, 3001, 11), new int[] {1});
                reduceCase(f, DType.FLOAT32, Shape.of(11, 3, 3001), new int[] {0, 2});
                reduceCase(f, DType.FLOAT32, Shape.of(7, 13001), new int[] {0});
            }
        }
    }

    @Test
    @Covers("reduce")
    default void reductionsOfNothing() {
        for (DType dtype : floats()) {
            for (Reduction f : Reduction.values()) {
                Trial empty = trial("%s %s of nothing", f, dtype);
                Tensor x = empty.in(dtype, 3, 0);
                Tensor y = empty.out(dtype, 3, 1);
                empty.exact((k, t) -> k.reduce(f, t.of(x), new int[] {1}, t.of(y)));

                Trial none = trial("%s %s into nothing", f, dtype);
                Tensor a = none.in(dtype, 3, 0);
                Tensor b = none.out(dtype, 1, 0);
                none.exact((k, t) -> k.reduce(f, t.of(a), new int[] {0}, t.of(b)));
            }
        }
    }

    @Test
    @Covers("reduce")
    default void reductionsPassNaNOnAndKnowInfinity() {
        double[] values = {1, Double.NaN, 3, Double.POSITIVE_INFINITY, -2, 5, Double.NEGATIVE_INFINITY, 1, 1};
        for (DType dtype : floats()) {
            for (Reduction f : Reduction.values()) {
                for (int axis = 0; axis < 2; axis++) {
                    int[] axes = {axis};
                    Trial trial = trial("NaN in %s %s over %d", f, dtype, axis);
                    Tensor x = trial.in(dtype, Shape.of(3, 3), values);
                    Tensor y = trial.out(dtype, reduced(x.shape(), axes));
                    trial.close(rtol(dtype), 0, (k, t) -> k.reduce(f, t.of(x), axes, t.of(y)));
                }
            }
        }
    }

    /** A million ones and a half more: summed naively in float32 the small part would be lost. */
    @Test
    @Covers("reduce")
    default void sumsKeepSmallAddendsBesideLargeOnes() {
        int n = 1 << 20;
        double[] values = new double[n];
        Arrays.fill(values, 1 + 0x1p-12);
        Tensor x = Raw.tensor(DType.FLOAT32, Shape.of(n), values);
        for (int[] shape : new int[][] {{1, n}, {n, 1}, {1024, 1024}}) {
            Tensor y = Tensor.empty(Shape.of(1, 1), DType.FLOAT32, x.device());
            kernels().reduce(Reduction.SUM, Tensor.over(x.storage(), 0, Shape.of(shape)), new int[] {0, 1}, y);
            double expected = n * (1 + 0x1p-12);
            assertThat(Raw.doubles(y)[0]).isCloseTo(expected, org.assertj.core.data.Offset.offset(expected * 1e-5));
        }
    }

    @Test
    @Covers("reduce")
    default void reducesIntegersExactly() {
        for (Reduction f : Reduction.values()) {
            for (DType dtype : List.of(DType.INT32, DType.INT64, DType.UINT8)) {
                for (int[] dims : new int[][] {{7}, {3, 17}, {2, 3, 4}}) {
                    Shape shape = Shape.of(dims);
                    for (int mask = 1; mask < 1 << dims.length; mask++) {
                        int[] axes = axes(mask, dims.length);
                        Trial trial = trial("%s %s of %s over %s", f, dtype, shape, Arrays.toString(axes));
                        Tensor x = trial.in(dtype, shape, z -> f == Reduction.PROD ? z % 3 == 0 ? 1 : 2 : z);
                        Tensor y = trial.out(dtype, reduced(shape, axes));
                        trial.exact((k, t) -> k.reduce(f, t.of(x), axes, t.of(y)));
                    }
                }
            }
        }
        long big = (1L << 53) + 1;
        Tensor x = Tensor.of(new long[] {big, 2}, 2);
        Tensor y = Tensor.empty(Shape.of(1), DType.INT64, x.device());
        kernels().reduce(Reduction.SUM, x, new int[] {0}, y);
        assertThat(Raw.longs(y)).containsExactly(big + 2);
        kernels().reduce(Reduction.MAX, x, new int[] {0}, y);
        assertThat(Raw.longs(y)).containsExactly(big);
    }

    @Test
    @Covers("argMax")
    default void argMaxIsTheFirstLargest() {
        for (DType dtype : DType.values()) {
            for (int[] dims : SHAPES) {
                Shape shape = Shape.of(dims);
                for (int axis = 0; axis < dims.length; axis++) {
                    int along = axis;
                    Trial trial = trial("argMax %s of %s along %d", dtype, shape, axis);
                    Tensor x = trial.in(dtype, shape, Math::rint); // many ties
                    Tensor y = trial.out(DType.INT32, shape.with(axis, 1));
                    trial.exact((k, t) -> k.argMax(t.of(x), along, t.of(y)));
                }
            }
        }
        Trial special = trial("argMax of special numbers");
        double nan = Double.NaN;
        double inf = Double.POSITIVE_INFINITY;
        Tensor x = special.in(DType.FLOAT32, Shape.of(5, 3), new double[] {
            0, -0.0, 0, -inf, -inf, -inf, 1, nan, inf, nan, nan, 1, -inf, 3, inf
        });
        Tensor y = special.out(DType.INT32, 5, 1);
        special.exact((k, t) -> k.argMax(t.of(x), 1, t.of(y)));
        assertThat(Raw.doubles(y)).containsExactly(0, 0, 1, 0, 2);
    }

    @Test
    @Covers("topK")
    default void topKFallsAndTiesRiseByIndex() {
        for (DType dtype : DType.values()) {
            for (int n : new int[] {1, 3, 17, 255}) {
                for (int k : new int[] {0, 1, 2, n / 2, n}) {
                    if (k > n) {
                        continue;
                    }
                    Trial trial = trial("top %d of %d %s", k, n, dtype);
                    Tensor x = trial.in(dtype, Shape.of(2, 3, n), z -> Math.rint(2 * z));
                    Tensor values = trial.out(dtype, 2, 3, k);
                    Tensor indices = trial.out(DType.INT32, 2, 3, k);
                    trial.exact((kernels, t) -> kernels.topK(t.of(x), t.of(values), t.of(indices)));
                }
            }
        }
        for (int k : new int[] {5, 1024, 2500, 3000}) { // one pass over a long row and several
            Trial trial = trial("top %d of 3000", k);
            Tensor x = trial.in(DType.FLOAT32, Shape.of(2, 3000), z -> Math.rint(20 * z));
            Tensor values = trial.out(DType.FLOAT32, 2, k);
            Tensor indices = trial.out(DType.INT32, 2, k);
            trial.exact((kernels, t) -> kernels.topK(t.of(x), t.of(values), t.of(indices)));
        }
        Trial special = trial("topK of special numbers");
        double nan = Double.NaN;
        double inf = Double.POSITIVE_INFINITY;
        Tensor x = special.in(DType.FLOAT64, Shape.of(8), new double[] {0, -0.0, nan, inf, -inf, nan, 1, 0});
        Tensor values = special.out(DType.FLOAT64, 8);
        Tensor indices = special.out(DType.INT32, 8);
        special.exact((k, t) -> k.topK(t.of(x), t.of(values), t.of(indices)));
        assertThat(Raw.doubles(indices)).containsExactly(2, 5, 3, 6, 0, 1, 7, 4);
    }

    @Test
    @Covers("cumulate")
    default void runningSumsAndProductsInBothDirections() {
        for (DType dtype : DType.values()) {
            for (Reduction f : List.of(Reduction.SUM, Reduction.PROD)) {
                for (int[] dims : new int[][] {{0}, {1}, {17}, {255}, {3, 5}, {2, 7, 3}, {2, 0, 3}}) {
                    Shape shape = Shape.of(dims);
                    for (int axis = 0; axis < dims.length; axis++) {
                        for (int way = 0; way < 4; way++) {
                            cumulateCase(f, dtype, shape, axis, (way & 1) == 1, (way & 2) == 2);
                        }
                    }
                }
            }
        }
        cumulateCase(Reduction.SUM, DType.FLOAT32, Shape.of(300, 250), 1, false, false);
        cumulateCase(Reduction.PROD, DType.FLOAT32, Shape.of(300, 250), 1, true, false);
    }

    private void cumulateCase(Reduction f, DType dtype, Shape shape, int axis, boolean exclusive, boolean reverse) {
        Trial trial = trial("cumulate %s %s of %s along %d, %s, %s", f, dtype, shape, axis, exclusive, reverse);
        boolean product = f == Reduction.PROD;
        Tensor x = trial.in(dtype, shape, z -> dtype.isFloating() ? product ? 1 + 0.05 * z : z : product ? 1 : z);
        Tensor y = trial.out(dtype, shape);
        Trial.Call call = (k, t) -> k.cumulate(f, t.of(x), axis, exclusive, reverse, t.of(y));
        if (dtype.isFloating()) {
            trial.products(rtol(dtype), rtol(dtype == DType.FLOAT64 ? dtype : DType.FLOAT32), call);
        } else if (dtype != DType.BOOL) {
            trial.exact(call);
        }
    }
}
