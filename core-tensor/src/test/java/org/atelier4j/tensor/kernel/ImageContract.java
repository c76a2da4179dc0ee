package org.atelier4j.tensor.kernel;

import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Pooling and resizing of (B, H, W, C). */
interface ImageContract extends ContractPart {
    int[][] IMAGES = {
        {1, 1, 1, 1}, {2, 5, 7, 3}, {3, 8, 8, 16}, {1, 17, 4, 1}, {2, 6, 6, 17}, {0, 4, 4, 3}, {2, 4, 4, 0}
    };

    int[][] POOLINGS = {{1, 1, 0}, {2, 2, 0}, {2, 1, 1}, {3, 2, 1}, {3, 1, 1}, {3, 3, 0}, {4, 2, 2}, {2, 3, 0}};

    @Test
    @Covers({"maxPool", "averagePool", "averagePoolBackward"})
    default void poolsEveryWindow() {
        for (DType dtype : floats()) {
            for (int[] dims : IMAGES) {
                for (int[] p : POOLINGS) {
                    Pooling pooling = new Pooling(p[0], p[1], p[2]);
                    if (Math.min(dims[1], dims[2]) + 2 * p[2] < p[0]) {
                        continue;
                    }
                    Shape shape = Shape.of(dims);
                    Shape small =
                            Shape.of(dims[0], pooling.outputLength(dims[1]), pooling.outputLength(dims[2]), dims[3]);
                    Trial max = trial("maxPool %s %s of %s", dtype, pooling, shape);
                    Tensor x = max.in(dtype, shape, z -> Math.rint(2 * z)); // many ties
                    Tensor y = max.out(dtype, small);
                    Tensor indices = max.out(DType.INT32, small);
                    max.exact((k, t) -> k.maxPool(pooling, t.of(x), t.of(y), t.of(indices)));
                    Trial largest = trial("maxPool without winners %s %s of %s", dtype, pooling, shape);
                    Tensor z = largest.in(dtype, shape);
                    Tensor top = largest.out(dtype, small);
                    largest.exact((k, t) -> k.maxPool(pooling, t.of(z), t.of(top)));

                    Trial mean = trial("averagePool %s %s of %s", dtype, pooling, shape);
                    Tensor a = mean.in(dtype, shape);
                    Tensor b = mean.out(dtype, small);
                    mean.close(rtol(dtype), rtol(dtype), (k, t) -> k.averagePool(pooling, t.of(a), t.of(b)));

                    Trial back = trial("averagePoolBackward %s %s of %s", dtype, pooling, shape);
                    Tensor dy = back.in(dtype, small);
                    Tensor dx = back.out(dtype, shape);
                    back.close(
                            rtol(dtype), 2 * rtol(dtype), (k, t) -> k.averagePoolBackward(pooling, t.of(dy), t.of(dx)));
                }
            }
        }
    }

    @Test
    @Covers("maxPool")
    default void maxPoolingOfNegativeInfinityAndNaN() {
        double inf = Double.POSITIVE_INFINITY;
        Trial trial = trial("maxPool of special numbers");
        Tensor x = trial.in(
                DType.FLOAT32, Shape.of(1, 2, 4, 1), new double[] {-inf, -inf, 1, Double.NaN, -inf, -inf, 2, 3});
        Tensor y = trial.out(DType.FLOAT32, 1, 1, 2, 1);
        Tensor indices = trial.out(DType.INT32, 1, 1, 2, 1);
        trial.exact((k, t) -> k.maxPool(new Pooling(2, 2, 0), t.of(x), t.of(y), t.of(indices)));
        Tensor top = trial.out(DType.FLOAT32, 1, 1, 2, 1);
        trial.exact((k, t) -> k.maxPool(new Pooling(2, 2, 0), t.of(x), t.of(top)));
    }

    @Test
    @Covers({"resize", "resizeBackward"})
    default void resizesUpAndDown() {
        int[][] targets = {{1, 1}, {2, 3}, {5, 7}, {10, 14}, {16, 16}, {3, 20}};
        for (DType dtype : floats()) {
            for (Interpolation mode : Interpolation.values()) {
                for (int[] dims : IMAGES) {
                    for (int[] target : targets) {
                        Shape shape = Shape.of(dims);
                        Shape result = Shape.of(dims[0], target[0], target[1], dims[3]);
                        double tol = rtol(dtype);
                        Trial trial = trial("resize %s %s of %s to %s", mode, dtype, shape, result);
                        Tensor x = trial.in(dtype, shape);
                        Tensor y = trial.out(dtype, result);
                        trial.close(tol, tol, (k, t) -> k.resize(mode, t.of(x), t.of(y)));

                        Trial back = trial("resizeBackward %s %s of %s from %s", mode, dtype, shape, result);
                        Tensor dy = back.in(dtype, result);
                        Tensor dx = back.out(dtype, shape);
                        double single = rtol(dtype == DType.FLOAT64 ? dtype : DType.FLOAT32);
                        back.products(tol, 4 * single, (k, t) -> k.resizeBackward(mode, t.of(dy), t.of(dx)));
                    }
                }
            }
        }
    }
}
