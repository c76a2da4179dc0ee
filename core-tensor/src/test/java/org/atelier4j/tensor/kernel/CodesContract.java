package org.atelier4j.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** The nearest codes, and codes drawn by chance. */
interface CodesContract extends ContractPart {

    /** Small whole numbers, whose products are exact in every type: many ties, each of which the smallest index must win. */
    @Test
    @Covers("nearestCode")
    default void nearestCodesAreThoseOfTheReferenceWithTiesToTheSmallestIndex() {
        int[][] sizes = {
            {0, 5, 3},
            {1, 1, 1},
            {7, 1, 3},
            {3, 2, 1},
            {65, 64, 16},
            {17, 255, 7},
            {130, 66, 33},
            {4, 1100, 5},
            {5, 9, 0}
        };
        for (DType dtype : floats()) {
            for (int[] size : sizes) {
                Trial trial = trial("nearestCode %s, %d points, %d codes of %d", dtype, size[0], size[1], size[2]);
                Tensor points = trial.in(dtype, Shape.of(size[0], size[2]), Math::rint);
                Tensor table = trial.in(dtype, Shape.of(size[1], size[2]), Math::rint);
                Tensor codes = trial.out(DType.INT32, size[0]);
                trial.exact((k, t) -> k.nearestCode(t.of(points), t.of(table), t.of(codes)));
            }
        }
    }

    /** More codes and points than are looked at together, all of them in the table twice. */
    @Test
    @Covers("nearestCode")
    default void aTableOfManyCodesIsSearchedWhole() {
        int n = 150;
        int k = 9000;
        double[] vectors = new double[k * 2];
        for (int i = 0; i < k; i++) {
            vectors[2 * i] = i % 4500 % 75;
            vectors[2 * i + 1] = i % 4500 / 75;
        }
        double[] at = new double[n * 2];
        double[] expected = new double[n];
        for (int i = 0; i < n; i++) {
            int code = i * 37 % 4500;
            expected[i] = code;
            at[2 * i] = vectors[2 * code] + 0.25;
            at[2 * i + 1] = vectors[2 * code + 1] - 0.25;
        }
        for (DType dtype : floats()) {
            Tensor codes = Raw.tensor(DType.INT32, Shape.of(n), new double[n]);
            Tensor table = Raw.tensor(dtype, Shape.of(k, 2), vectors);
            kernels().nearestCode(Raw.tensor(dtype, Shape.of(n, 2), at), table, codes);
            assertThat(Raw.doubles(codes)).as("%s", dtype).containsExactly(expected);
        }
    }

    /** Whichever of two vectors that are as near as rounding can tell is taken, none is nearer than rounding can tell. */
    @Test
    @Covers("nearestCode")
    default void noCodeIsNearerThanTheOneFound() {
        int n = 200;
        int k = 300;
        int d = 48;
        for (DType dtype : floats()) {
            Trial trial = trial("nearest of %s", dtype);
            Tensor points = trial.in(dtype, n, d);
            Tensor table = trial.in(dtype, k, d);
            Tensor codes = Raw.tensor(DType.INT32, Shape.of(n), new double[n]);
            kernels().nearestCode(points, table, codes);
            double[] found = Raw.doubles(codes);
            double[] scores = ReferenceKernels.halfDistances(points, table);
            for (int i = 0; i < n; i++) {
                double least = Double.POSITIVE_INFINITY;
                for (int j = 0; j < k; j++) {
                    least = Math.min(least, scores[i * k + j]);
                }
                double bound = least + 100 * rtol(dtype == DType.BFLOAT16 ? DType.FLOAT32 : dtype);
                assertThat(scores[i * k + (int) found[i]])
                        .as("%s, point %d", dtype, i)
                        .isLessThanOrEqualTo(bound);
            }
        }
    }

    @Test
    @Covers("nearestCode")
    default void theFirstDistanceThatIsNoNumberWins() {
        double nan = Double.NaN;
        for (DType dtype : floats()) {
            Trial trial = trial("nearestCode of NaN, %s", dtype);
            Tensor points = trial.in(dtype, Shape.of(3, 2), new double[] {1, 0, nan, 1, 0, 1});
            Tensor table = trial.in(dtype, Shape.of(3, 2), new double[] {1, 0, 0, 1, 5, 5});
            Tensor codes = trial.out(DType.INT32, 3);
            trial.exact((k, t) -> k.nearestCode(t.of(points), t.of(table), t.of(codes)));
            assertThat(Raw.doubles(codes)).containsExactly(0, 0, 1);

            Trial bad = trial("nearestCode in a table with NaN, %s", dtype);
            Tensor broken = bad.in(dtype, Shape.of(4, 2), new double[] {1, 0, 0, nan, nan, 0, 0, 1});
            Tensor whole = bad.in(dtype, Shape.of(2, 2), new double[] {1, 0, 0, 1});
            Tensor those = bad.out(DType.INT32, 2);
            bad.exact((k, t) -> k.nearestCode(t.of(whole), t.of(broken), t.of(those)));
            assertThat(Raw.doubles(those)).containsExactly(1, 1);
        }
    }

    /** Rows that end within a block of random bits, rows for a warp and for a block of threads, and many of them. */
    int[][] LOGITS = {{0, 7}, {1, 1}, {5, 1}, {3, 7}, {9, 16}, {5, 255}, {2, 1031}, {70, 1024}};

    @Test
    @Covers("gumbelSoftmax")
    default void relaxedChoicesFollowTheirFormula() {
        for (DType dtype : floats()) {
            if (dtype == DType.BFLOAT16) {
                continue; // noise rounded to 8 bits; the next test knows what comes of it
            }
            for (int[] size : LOGITS) {
                for (double temperature : new double[] {1, 0.3}) {
                    Trial trial = trial("gumbelSoftmax %s %d x %d, %s", dtype, size[0], size[1], temperature);
                    Tensor logits = trial.in(dtype, size);
                    Tensor weights = trial.out(dtype, size);
                    Tensor largest = trial.out(DType.INT32, size[0], 1);
                    Tensor heat = trial.in(DType.FLOAT64, Shape.scalar(), new double[] {temperature});
                    // noise is FLOAT32, and its error is that of a logarithm over the temperature
                    double tol = 20 * rtol(DType.FLOAT32);
                    trial.close(
                            tol,
                            tol,
                            (k, t) -> k.gumbelSoftmax(
                                    t.of(heat), 42, 1L << 33, t.of(logits), t.of(weights), t.of(largest)));
                }
            }
        }
    }

    /** Bit by bit what the provider's own kernels give one after the other, noise included. */
    @Test
    @Covers({"gumbelSoftmax", "random", "unary", "convert", "binary", "softmax", "argMax"})
    default void relaxedChoicesHaveTheBitsOfSeparateKernels() {
        for (DType dtype : floats()) {
            for (int[] size : LOGITS) {
                Trial trial = trial("gumbelSoftmax %s %d x %d", dtype, size[0], size[1]);
                Tensor logits = trial.in(dtype, size);
                Tensor weights = Raw.tensor(dtype, logits.shape(), new double[size[0] * size[1]]);
                Tensor largest = Raw.tensor(DType.INT32, Shape.of(size[0], 1), new double[size[0]]);
                Tensor expected = Raw.tensor(dtype, logits.shape(), new double[size[0] * size[1]]);
                Tensor winners = Raw.tensor(DType.INT32, Shape.of(size[0], 1), new double[size[0]]);

                kernels()
                        .gumbelSoftmax(Raw.tensor(DType.FLOAT64, Shape.scalar(), 0.7), 42, 5, logits, weights, largest);
                separately(0.7, 42, 5, logits, expected, winners);

                assertThat(Raw.doubles(weights)).as("%s", dtype).containsExactly(Raw.doubles(expected));
                assertThat(Raw.doubles(largest)).as("%s", dtype).containsExactly(Raw.doubles(winners));
            }
        }
    }

    private void separately(
            double temperature, long key, long position, Tensor logits, Tensor weights, Tensor largest) {
        Tensor a = Tensor.empty(logits.shape(), DType.FLOAT32, logits.device());
        Tensor b = Tensor.empty(logits.shape(), DType.FLOAT32, logits.device());
        kernels().random(Distribution.UNIFORM, key, position, a);
        kernels().unary(new Unary(Unary.Function.CLAMP, 0x1p-25, 1), a, b);
        for (int i = 0; i < 2; i++) {
            kernels().unary(Unary.of(Unary.Function.LOG), b, a);
            kernels().unary(new Unary(Unary.Function.AFFINE, -1, 0), a, b);
        }
        Tensor noise = Tensor.empty(logits.shape(), logits.dtype(), logits.device());
        Tensor sum = Tensor.empty(logits.shape(), logits.dtype(), logits.device());
        kernels().convert(b, noise);
        kernels().binary(Binary.ADD, logits, noise, sum);
        kernels().unary(new Unary(Unary.Function.AFFINE, 1 / temperature, 0), sum, noise);
        kernels().softmax(false, noise, weights);
        kernels().argMax(weights, 1, largest);
    }

    /** Whether the other weights of the row are numbers depends on the provider's softmax. */
    @Test
    @Covers({"gumbelSoftmax", "argMax"})
    default void theWeightOfALogitThatIsNoNumberIsNone() {
        for (DType dtype : floats()) {
            Tensor logits = Raw.tensor(dtype, Shape.of(2, 3), 0, Double.NaN, 1, -30, 90, -30);
            Tensor weights = Raw.tensor(dtype, Shape.of(2, 3), new double[6]);
            Tensor largest = Raw.tensor(DType.INT32, Shape.of(2, 1), 7, 7);
            Tensor expected = Raw.tensor(DType.INT32, Shape.of(2, 1), 7, 7);
            kernels().gumbelSoftmax(Raw.tensor(DType.FLOAT64, Shape.scalar(), 1), 42, 0, logits, weights, largest);
            kernels().argMax(weights, 1, expected);
            assertThat(Raw.doubles(weights)[1]).as("%s", dtype).isNaN();
            assertThat(Raw.doubles(weights)[4]).isEqualTo(1);
            assertThat(Raw.doubles(largest)).containsExactly(Raw.doubles(expected));
        }
    }
}
