package org.atelier4j.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Softmax and normalization. */
interface NormContract extends ContractPart {

    @Test
    @Covers({"softmax", "softmaxBackward"})
    default void softmaxAndItsLogarithm() {
        for (boolean log : new boolean[] {false, true}) {
            for (DType dtype : floats()) {
                for (int n : SIZES) {
                    softmaxCase(log, dtype, Shape.of(3, n), 1);
                }
                softmaxCase(log, dtype, Shape.of(0, 5), 1);
                softmaxCase(log, dtype, Shape.of(2, 3, 4, 17), 10);
                softmaxCase(log, dtype, Shape.of(17), 1e-6);
            }
            softmaxCase(log, DType.FLOAT32, Shape.of(1001, 71), 3);
        }
    }

    private void softmaxCase(boolean log, DType dtype, Shape shape, double size) {
        double tol = rtol(dtype);
        Trial trial = trial("softmax %s %s of %s, size %s", log, dtype, shape, size);
        Tensor x = trial.in(dtype, shape, z -> size * z);
        Tensor y = trial.out(dtype, shape);
        trial.close(2 * tol, log ? 2 * tol : 0x1p-140, (k, t) -> k.softmax(log, t.of(x), t.of(y)));

        Trial back = trial("softmax backward %s %s of %s, size %s", log, dtype, shape, size);
        Tensor in = Raw.tensor(DType.FLOAT64, shape, Raw.doubles(back.in(dtype, shape, z -> size * z)));
        Tensor value = Raw.tensor(DType.FLOAT64, shape, new double[(int) shape.size()]);
        new ReferenceKernels().softmax(log, in, value);
        Tensor out = back.in(dtype, shape, Raw.doubles(value));
        Tensor dy = back.in(dtype, shape);
        Tensor dx = back.out(dtype, shape);
        // a difference of sums: rounding of dy counts, and for the logarithm of their sum
        double atol = (log ? 20 : 4) * tol;
        back.close(4 * tol, atol, (k, t) -> k.softmaxBackward(log, t.of(out), t.of(dy), t.of(dx)));
    }

    @Test
    @Covers("softmax")
    default void softmaxOfHugeLogitsAndMasks() {
        double inf = Double.POSITIVE_INFINITY;
        double[] values = {1e4, 1e4 - 1, -1e4, 1, 2, -inf, -inf, -inf, 3, -3e38, -3e38, -3e38};
        for (boolean log : new boolean[] {false, true}) {
            for (DType dtype : floats()) {
                Trial trial = trial("softmax %s of huge logits %s", log, dtype);
                Tensor x = trial.in(dtype, Shape.of(4, 3), values);
                Tensor y = trial.out(dtype, 4, 3);
                trial.close(4 * rtol(dtype), rtol(dtype), (k, t) -> k.softmax(log, t.of(x), t.of(y)));
            }
        }
    }

    /** x (B, N, C), groups. */
    int[][] NORMS = {
        {1, 1, 1, 1},
        {2, 3, 4, 1},
        {2, 3, 4, 2},
        {2, 3, 4, 4},
        {3, 1, 17, 1},
        {1, 255, 3, 3},
        {2, 64, 32, 8},
        {17, 1, 8, 1},
        {2, 16, 12, 3},
        {0, 4, 4, 2},
        {1, 1, 255, 1},
        {2, 49, 6, 6},
        {5, 16, 64, 32}
    };

    @Test
    @Covers({"norm", "normBackward"})
    default void normalizesEveryGrouping() {
        for (DType dtype : floats()) {
            for (int[] s : NORMS) {
                for (int flags = 0; flags < 12; flags++) {
                    Norm norm = new Norm(s[3], 1e-5, (flags & 1) == 0, (flags & 2) == 2);
                    normCase(dtype, Shape.of(s[0], s[1], s[2]), norm, flags >> 2, 1, 0);
                }
            }
        }
        normCase(DType.FLOAT32, Shape.of(3, 900, 32), new Norm(8, 1e-5, true, true), 1, 1, 0);
        normCase(DType.FLOAT32, Shape.of(900, 1, 96), new Norm(1, 1e-5, true, false), 1, 1, 0);
        normCase(DType.FLOAT32, Shape.of(1, 3000, 32), new Norm(32, 1e-5, true, false), 1, 1, 0);
    }

    /** Large offsets: squares must not be subtracted from each other. */
    @Test
    @Covers({"norm", "normBackward"})
    default void normalizesAroundLargeMeans() {
        for (int[] s : new int[][] {{2, 64, 32, 8}, {17, 1, 96, 1}, {1, 255, 3, 3}}) {
            Norm norm = new Norm(s[3], 1e-5, true, false);
            normCase(DType.FLOAT32, Shape.of(s[0], s[1], s[2]), norm, 1, 1, 1000);
            normCase(DType.FLOAT32, Shape.of(s[0], s[1], s[2]), norm, 1, 1e-4, 0);
            normCase(DType.FLOAT32, Shape.of(s[0], s[1], s[2]), norm, 1, 1e8, 0);
        }
    }

    /** @param affine 0: neither γ nor β; 1: one for all; 2: one per sample */
    private void normCase(DType dtype, Shape shape, Norm norm, int affine, double size, double mean) {
        DType statistics = dtype == DType.FLOAT64 ? dtype : DType.FLOAT32;
        Shape groups = Shape.of(shape.dim(0), norm.groups());
        Shape parameters = affine == 2 ? Shape.of(shape.dim(0), shape.dim(2)) : Shape.of(shape.dim(2));
        double tol = rtol(dtype);
        double offset = 1 + Math.abs(mean) / size / 10; // what float32 means lose
        Trial trial = trial("norm %s %s %s, affine %d, size %s, mean %s", dtype, shape, norm, affine, size, mean);
        Tensor x = trial.in(dtype, shape, z -> size * z + mean);
        @Nullable Tensor gamma = affine == 0 ? null : trial.in(dtype, parameters, z -> 1 + 0.2 * z);
        @Nullable Tensor beta = affine == 0 ? null : trial.in(dtype, parameters);
        Tensor y = trial.out(dtype, shape);
        Tensor mu = trial.out(statistics, groups);
        Tensor rstd = trial.out(statistics, groups);
        double means = rtol(statistics) * 4 * offset;
        trial.close(
                Math.max(2 * tol, means),
                Math.max(4 * tol, 4 * means),
                (k, t) -> k.norm(norm, t.of(x), t.of(gamma), t.of(beta), t.of(y), t.of(mu), t.of(rstd)));

        Trial back = trial("norm backward %s %s %s, %d, %s, %s", dtype, shape, norm, affine, size, mean);
        Tensor in = back.in(dtype, shape, z -> size * z + mean);
        @Nullable Tensor g = affine == 0 ? null : back.in(dtype, parameters, z -> 1 + 0.2 * z);
        @Nullable Tensor b = affine == 0 ? null : back.in(dtype, parameters);
        Tensor[] saved = {
            Raw.tensor(DType.FLOAT64, shape, new double[(int) shape.size()]),
            Raw.tensor(DType.FLOAT64, groups, new double[(int) groups.size()]),
            Raw.tensor(DType.FLOAT64, groups, new double[(int) groups.size()])
        };
        new ReferenceKernels().norm(norm, Raw.wide(in), wide(g), wide(b), saved[0], saved[1], saved[2]);
        Tensor savedMean = back.in(statistics, groups, Raw.doubles(saved[1]));
        Tensor savedRstd = back.in(statistics, groups, Raw.doubles(saved[2]));
        Tensor dy = back.in(dtype, shape);
        Tensor dx = back.out(dtype, shape);
        @Nullable Tensor dg = g == null ? null : back.out(dtype, parameters);
        @Nullable Tensor db = b == null ? null : back.out(dtype, parameters);
        double sums = Math.sqrt(shape.dim(0) * shape.dim(1)); // dγ and dβ add up so many numbers of size 1
        double scale = Math.max(1, 1 / size); // of dx
        double single = rtol(statistics) * offset;
        double atol = Math.max(4 * tol, 16 * single) * Math.max(sums, scale);
        back.close(
                2 * tol,
                atol,
                (k, t) -> k.normBackward(
                        norm,
                        t.of(in),
                        t.of(g),
                        t.of(b),
                        t.of(savedMean),
                        t.of(savedRstd),
                        t.of(dy),
                        t.of(dx),
                        t.of(dg),
                        t.of(db)));
    }

    private static @Nullable Tensor wide(@Nullable Tensor t) {
        return t == null ? null : Raw.wide(t);
    }

    @Test
    @Covers("norm")
    default void aConstantGroupBecomesItsShift() {
        for (DType dtype : floats()) {
            double[] values = new double[2 * 6 * 4];
            Arrays.fill(values, 3);
            Tensor x = Raw.tensor(dtype, Shape.of(2, 6, 4), values);
            Tensor gamma = Raw.tensor(dtype, Shape.of(4), 1, 2, 3, 4);
            Tensor beta = Raw.tensor(dtype, Shape.of(4), 0.5, 1, 1.5, 2);
            Tensor y = Tensor.empty(x.shape(), dtype, x.device());
            DType statistics = dtype == DType.FLOAT64 ? dtype : DType.FLOAT32;
            Tensor mean = Tensor.empty(Shape.of(2, 2), statistics, x.device());
            Tensor rstd = Tensor.empty(Shape.of(2, 2), statistics, x.device());
            kernels().norm(new Norm(2, 1e-5, true, false), x, gamma, beta, y, mean, rstd);
            double[] out = Raw.doubles(y);
            for (int i = 0; i < out.length; i++) {
                assertThat(out[i]).isEqualTo(List.of(0.5, 1.0, 1.5, 2.0).get(i % 4));
            }
        }
    }
}
