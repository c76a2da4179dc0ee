package org.atelier4j.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.device.Precision;
import org.atelier4j.tensor.device.PrecisionScope;
import org.atelier4j.tensor.device.cuda.Emulator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Products on (emulated) tensor cores: every layout, odd sizes, parts of K, groups and strides, in all precisions, with errors
 * measured against the sum of the products' magnitudes.
 */
class TensorCoreTest {
    /** M, N, K: the smallest that tensor cores take, whole groups of 16 bytes, none, several tiles, parts of K. */
    private static final List<int[]> SIZES = List.of(
            new int[] {16, 16, 16},
            new int[] {40, 24, 64},
            new int[] {17, 19, 23},
            new int[] {136, 132, 40},
            new int[] {130, 33, 18},
            new int[] {24, 16, 520});

    private TensorScope scope;

    @BeforeEach
    void open() {
        scope = TensorScope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    /** What rounding both factors can do to any single result at worst, relative to the sum of magnitudes. */
    private static double bound(Precision precision) {
        return switch (precision) {
            case FLOAT32 -> 1e-5;
            case TF32 -> 0x1p-10 + 1e-5;
            case BF16 -> 0x1p-8 + 1e-5;
        };
    }

    /**
     * What {@link Precision} promises of the norm of all errors over that of all results. Rounding two normal factors to 11
     * bits makes 3e-4 on average, so one trial of it may be a little above.
     */
    private static double promise(Precision precision) {
        return switch (precision) {
            case FLOAT32 -> 1e-5;
            case TF32 -> 3.3e-4;
            case BF16 -> 1e-2;
        };
    }

    private static Trial trial(Precision precision, String what, Object... values) {
        return new Trial(OnDevice.of(Emulator.device()), precision + " " + String.format(what, values));
    }

    @ParameterizedTest
    @EnumSource
    void productsOfAllLayoutsAndSizes(Precision precision) {
        try (PrecisionScope chosen = PrecisionScope.open(precision)) {
            for (int[] s : SIZES) {
                for (int layout = 0; layout < 4; layout++) {
                    boolean ta = (layout & 1) == 1;
                    boolean tb = (layout & 2) == 2;
                    Trial trial = trial(precision, "matmul %d %d %d, layout %d", s[0], s[1], s[2], layout);
                    Tensor a = trial.in(DType.FLOAT32, ta ? Shape.of(s[2], s[0]) : Shape.of(s[0], s[2]));
                    Tensor b = trial.in(DType.FLOAT32, tb ? Shape.of(s[1], s[2]) : Shape.of(s[2], s[1]));
                    Tensor y = trial.out(DType.FLOAT32, s[0], s[1]);
                    trial.products(
                            0, bound(precision), (k, t) -> k.matmul(t.of(a), ta, t.of(b), tb, Epilogue.NONE, t.of(y)));
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void batchesBiasResidualAndActivation(Precision precision) {
        try (PrecisionScope chosen = PrecisionScope.open(precision)) {
            Trial trial = trial(precision, "matmul with everything behind");
            Tensor a = trial.in(DType.FLOAT32, 3, 24, 32);
            Tensor b = trial.in(DType.FLOAT32, 32, 20);
            Tensor bias = trial.in(DType.FLOAT32, 20);
            Tensor residual = trial.in(DType.FLOAT32, 3, 24, 20);
            Tensor y = trial.out(DType.FLOAT32, 3, 24, 20);
            Unary silu = Unary.of(Unary.Function.SILU);
            trial.products(
                    0,
                    2 * bound(precision),
                    (k, t) -> k.matmul(
                            t.of(a), false, t.of(b), false, new Epilogue(t.of(bias), t.of(residual), silu), t.of(y)));
        }
    }

    /** Whole groups of channels, odd numbers of them, strides, dilation and groups; forward and both adjoints. */
    private static final List<ProductContract.Geometry> GEOMETRIES = List.of(
            ProductContract.Geometry.even(new int[] {2, 6, 7, 16}, new int[] {24, 16, 3, 3}, 1, 1, 1, 1),
            ProductContract.Geometry.even(new int[] {2, 7, 7, 32}, new int[] {16, 32, 1, 1}, 1, 0, 1, 1),
            ProductContract.Geometry.even(new int[] {2, 9, 9, 17}, new int[] {19, 17, 3, 3}, 2, 1, 1, 1),
            ProductContract.Geometry.even(new int[] {1, 9, 10, 16}, new int[] {16, 16, 3, 3}, 1, 2, 2, 1),
            ProductContract.Geometry.even(new int[] {1, 8, 8, 32}, new int[] {48, 16, 2, 2}, 2, 0, 1, 2));

    @ParameterizedTest
    @EnumSource
    void convolutionsAndTheirAdjoints(Precision precision) {
        double bound = bound(precision);
        try (PrecisionScope chosen = PrecisionScope.open(precision)) {
            for (ProductContract.Geometry g : GEOMETRIES) {
                Trial forward = trial(precision, "conv %s", g);
                Tensor x = forward.in(DType.FLOAT32, g.x());
                Tensor w = forward.in(DType.FLOAT32, g.weight());
                Tensor y = forward.out(DType.FLOAT32, g.result());
                forward.products(0, bound, (k, t) -> k.conv(g.conv(), t.of(x), t.of(w), Epilogue.NONE, t.of(y)));

                Trial input = trial(precision, "conv backward input %s", g);
                Tensor dy = input.in(DType.FLOAT32, g.result());
                Tensor v = input.in(DType.FLOAT32, g.weight());
                Tensor dx = input.out(DType.FLOAT32, g.x());
                input.products(0, bound, (k, t) -> k.convBackwardInput(g.conv(), t.of(dy), t.of(v), t.of(dx)));

                Trial weight = trial(precision, "conv backward weight %s", g);
                Tensor z = weight.in(DType.FLOAT32, g.x());
                Tensor dz = weight.in(DType.FLOAT32, g.result());
                Tensor dw = weight.out(DType.FLOAT32, g.weight());
                weight.products(0, bound, (k, t) -> k.convBackwardWeight(g.conv(), t.of(z), t.of(dz), t.of(dw), null));
            }
        }
    }

    /** Tensor cores are really used: results are those of rounded factors, far closer than of the factors themselves. */
    @ParameterizedTest
    @EnumSource(names = {"TF32", "BF16"})
    void factorsAreRoundedAsThePrecisionSays(Precision precision) {
        Device card = Emulator.device();
        Tensor a = Rng.of(1).normal(Shape.of(48, 64));
        Tensor b = Rng.of(2).normal(Shape.of(64, 32));
        float[] exact = product(a, b);
        float[] rounded = product(rounded(a, precision), rounded(b, precision));
        try (PrecisionScope chosen = PrecisionScope.open(precision)) {
            float[] actual = a.to(card).matmul(b.to(card)).toFloats();
            assertThat(largestDifference(actual, rounded)).isLessThan(2e-5);
            assertThat(relativeError(actual, exact)).isBetween(1e-4, promise(precision));
        }
        float[] plain = a.to(card).matmul(b.to(card)).toFloats();
        assertThat(relativeError(plain, exact)).isLessThan(promise(Precision.FLOAT32));
    }

    private static Tensor rounded(Tensor x, Precision precision) {
        if (precision == Precision.BF16) {
            return x.to(DType.BFLOAT16).to(DType.FLOAT32);
        }
        float[] values = x.toFloats();
        for (int i = 0; i < values.length; i++) {
            values[i] = Float.intBitsToFloat((Float.floatToRawIntBits(values[i]) + 0x1000) & ~0x1fff);
        }
        return Tensor.of(values, x.shape().dims());
    }

    private static float[] product(Tensor a, Tensor b) {
        return a.to(DType.FLOAT64).matmul(b.to(DType.FLOAT64)).toFloats();
    }

    private static double relativeError(float[] actual, float[] exact) {
        double errors = 0;
        double results = 0;
        for (int i = 0; i < exact.length; i++) {
            errors += Math.pow(actual[i] - exact[i], 2);
            results += Math.pow(exact[i], 2);
        }
        return Math.sqrt(errors / results);
    }

    private static double largestDifference(float[] a, float[] b) {
        double largest = 0;
        for (int i = 0; i < a.length; i++) {
            largest = Math.max(largest, Math.abs(a[i] - b[i]));
        }
        return largest;
    }

    /** FLOAT64 is never rounded, thin products stay on ordinary cores, and bfloat16 tensors need no asking. */
    @Test
    void whatTensorCoresAreNotFor() {
        Device card = Emulator.device();
        Tensor a = Rng.of(1).normal(Shape.of(32, 32));
        Tensor b = Rng.of(2).normal(Shape.of(32, 15));
        try (PrecisionScope chosen = PrecisionScope.open(Precision.BF16)) {
            double[] wide = a.to(DType.FLOAT64).matmul(a.to(DType.FLOAT64)).toDoubles();
            Tensor there = a.to(DType.FLOAT64).to(card);
            assertThat(there.matmul(there).toDoubles())
                    .usingComparatorWithPrecision(1e-12)
                    .containsExactly(wide);
            assertThat(largestDifference(a.to(card).matmul(b.to(card)).toFloats(), product(a, b)))
                    .isLessThan(1e-5);
        }
        Tensor bf16 = a.to(DType.BFLOAT16);
        Tensor expected = Tensor.of(product(bf16.to(DType.FLOAT32), bf16.to(DType.FLOAT32)), 32, 32);
        float[] actual = bf16.to(card).matmul(bf16.to(card)).toFloats();
        assertThat(largestDifference(actual, expected.to(DType.BFLOAT16).toFloats()))
                .isLessThan(0.1); // one unit in the last place of numbers up to 32
    }
}
