package org.atelier4j.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.device.Precision;
import org.atelier4j.tensor.device.PrecisionScope;
import org.junit.jupiter.api.Test;

/** Products whose factors may be rounded: as {@link PrecisionScope} says where a provider can, and nowhere else. */
interface PrecisionContract extends ContractPart {

    /** A product of two factors. */
    interface Product {
        void on(Kernels kernels, Tensor a, Tensor b, Tensor out);
    }

    /** A product with the shapes of its factors and of its result. */
    record Sized(Shape a, Shape b, Shape out, Product product) {}

    private static Map<String, Sized> products() {
        Shape x = Shape.of(2, 5, 6, 96); // so many channels that minimal filtering would pay
        Shape w = Shape.of(96, 96, 3, 3);
        Shape half = Shape.of(2, 3, 3, 96);
        Convolution same = Convolution.of2d(1, 1);
        Convolution strided = Convolution.of2d(2, 1);
        Map<String, Sized> all = new LinkedHashMap<>();
        all.put(
                "matmul",
                new Sized(
                        Shape.of(3, 24, 40),
                        Shape.of(3, 40, 32),
                        Shape.of(3, 24, 32),
                        (k, a, b, y) -> k.matmul(a, false, b, false, Epilogue.NONE, y)));
        all.put(
                "matmul of transposed factors",
                new Sized(
                        Shape.of(40, 24),
                        Shape.of(32, 40),
                        Shape.of(24, 32),
                        (k, a, b, y) -> k.matmul(a, true, b, true, Epilogue.NONE, y)));
        all.put("conv", new Sized(x, w, x, (k, a, b, y) -> k.conv(same, a, b, Epilogue.NONE, y)));
        all.put("strided conv", new Sized(x, w, half, (k, a, b, y) -> k.conv(strided, a, b, Epilogue.NONE, y)));
        all.put("adjoint in the input", new Sized(x, w, x, (k, a, b, y) -> k.convBackwardInput(same, a, b, y)));
        all.put(
                "strided adjoint in the input",
                new Sized(half, w, x, (k, a, b, y) -> k.convBackwardInput(strided, a, b, y)));
        all.put("adjoint in the weight", new Sized(x, x, w, (k, a, b, y) -> k.convBackwardWeight(same, a, b, y, null)));
        all.put(
                "strided adjoint in the weight",
                new Sized(x, half, w, (k, a, b, y) -> k.convBackwardWeight(strided, a, b, y, null)));
        return all;
    }

    /** Returns how far results may be from exact ones, both as norms, and how far rounding makes them at least. */
    private static double[] bounds(Precision precision) {
        return switch (precision) {
            case FLOAT32 -> new double[] {0, 1e-5};
            case TF32 -> new double[] {1e-4, 3.3e-4};
            case BF16 -> new double[] {1e-3, 1e-2};
        };
    }

    @Test
    @Covers({"multiplies", "matmul", "conv", "convBackwardInput", "convBackwardWeight"})
    default void factorsAreRoundedWhereTheProviderSaysSoAndNowhereElse() {
        assertThat(kernels().multiplies(Precision.FLOAT32)).isTrue();
        products().forEach((name, sized) -> {
            Trial trial = trial("%s", name);
            Tensor a = trial.in(DType.FLOAT32, sized.a());
            Tensor b = trial.in(DType.FLOAT32, sized.b());
            double[] expected = result(new ReferenceKernels(), sized, Raw.wide(a), Raw.wide(b));
            for (Precision precision : Precision.values()) {
                double[] bounds = bounds(kernels().multiplies(precision) ? precision : Precision.FLOAT32);
                try (PrecisionScope chosen = PrecisionScope.open(precision)) {
                    assertThat(distance(result(kernels(), sized, a, b), expected))
                            .as("%s in %s", name, precision)
                            .isBetween(bounds[0], bounds[1]);
                    assertThat(distance(result(kernels(), sized, Raw.wide(a), Raw.wide(b)), expected))
                            .as("%s of FLOAT64 in %s", name, precision)
                            .isLessThan(1e-12);
                }
            }
        });
    }

    private static double[] result(Kernels kernels, Sized sized, Tensor a, Tensor b) {
        Tensor out = Raw.tensor(
                a.dtype(), sized.out(), new double[Math.toIntExact(sized.out().size())]);
        sized.product().on(kernels, a, b, out);
        return Raw.doubles(out);
    }

    private static double distance(double[] actual, double[] exact) {
        double errors = 0;
        double results = 0;
        for (int i = 0; i < exact.length; i++) {
            errors += Math.pow(actual[i] - exact[i], 2);
            results += Math.pow(exact[i], 2);
        }
        return Math.sqrt(errors / results);
    }

    /** A convolution's bias is followed by a sum, and so is everything behind a product: none of it is rounded. */
    @Test
    @Covers({"matmul", "conv", "convBackwardWeight"})
    default void sumsAndWhatFollowsAProductAreNotRounded() {
        try (PrecisionScope chosen = PrecisionScope.open(Precision.BF16)) {
            Trial trial = trial("nothing but what follows");
            Tensor zeros = trial.in(DType.FLOAT32, Shape.of(2, 4, 4, 16), z -> 0);
            Tensor filter = trial.in(DType.FLOAT32, 16, 16, 3, 3);
            Tensor bias = trial.in(DType.FLOAT32, 16);
            Tensor residual = trial.in(DType.FLOAT32, 2, 4, 4, 16);
            Tensor image = trial.out(DType.FLOAT32, 2, 4, 4, 16);
            Tensor rows = trial.out(DType.FLOAT32, 2, 4, 4, 16);
            Tensor matrix = trial.in(DType.FLOAT32, 16, 16);
            Tensor dWeight = trial.out(DType.FLOAT32, 16, 16, 3, 3);
            Tensor dBias = trial.out(DType.FLOAT32, 16);
            Convolution same = Convolution.of2d(1, 1);
            trial.close(1e-5, 1e-5, (k, t) -> {
                Epilogue behind = new Epilogue(t.of(bias), t.of(residual), null);
                k.conv(same, t.of(zeros), t.of(filter), behind, t.of(image));
                k.matmul(t.of(zeros), false, t.of(matrix), false, behind, t.of(rows));
                k.convBackwardWeight(same, t.of(zeros), t.of(residual), t.of(dWeight), t.of(dBias));
            });
        }
    }

    /** Vectors that differ by less than bfloat16 can tell are told apart. */
    @Test
    @Covers("nearestCode")
    default void nearestCodesAreNotOfRoundedProducts() {
        int k = 64;
        double[] table = new double[k * 16];
        for (int i = 0; i < k; i++) {
            table[16 * i] = 1 + i * 0x1p-8;
        }
        double[] expected = new double[k];
        for (int i = 0; i < k; i++) {
            expected[i] = i;
        }
        Tensor vectors = Raw.tensor(DType.FLOAT32, Shape.of(k, 16), table);
        Tensor codes = Raw.tensor(DType.INT32, Shape.of(k), new double[k]);
        try (PrecisionScope chosen = PrecisionScope.open(Precision.BF16)) {
            kernels().nearestCode(vectors, vectors, codes);
        }
        assertThat(Raw.doubles(codes)).containsExactly(expected);
    }
}
