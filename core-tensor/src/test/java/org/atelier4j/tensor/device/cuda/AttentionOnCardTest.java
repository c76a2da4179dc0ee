package org.atelier4j.tensor.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.Gradients;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.device.Precision;
import org.atelier4j.tensor.device.PrecisionScope;
import org.atelier4j.tensor.kernel.AttentionKernels;
import org.atelier4j.tensor.op.DotProductAttention;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Attention in one pass on the card is attention by whole matrices in float64, with all its gradients. */
class AttentionOnCardTest {
    /** B, H, T, S, D, E: single numbers, partial and whole tiles, more keys than queries and fewer, the widest heads. */
    private static final int[][] SIZES = {
        {1, 1, 1, 1, 1, 1}, {2, 3, 17, 33, 5, 7}, {1, 2, 40, 64, 128, 128}, {2, 2, 33, 16, 64, 9}, {1, 1, 32, 70, 8, 16}
    };

    /** The same with as many keys as queries or more: one query, tiles that are cut anywhere, lines between tiles met and missed. */
    private static final int[][] CAUSAL = {
        {1, 1, 1, 1, 4, 4},
        {2, 2, 33, 33, 5, 7},
        {1, 1, 1, 40, 4, 4},
        {1, 2, 40, 71, 8, 8},
        {1, 1, 64, 96, 6, 6},
        {1, 1, 70, 70, 16, 128}
    };

    private static Tensor normal(long stream, Shape shape) {
        return Rng.of(11).split(stream).normal(shape);
    }

    private static List<Tensor> inputs(int[] s) {
        return List.of(
                normal(0, Shape.of(s[0], s[1], s[2], s[4])),
                normal(1, Shape.of(s[0], s[1], s[3], s[4])),
                normal(2, Shape.of(s[0], s[1], s[3], s[5])));
    }

    /** Returns the result and the gradients of q, k and v. */
    private static List<double[]> outcome(
            boolean causal, List<Tensor> inputs, @Nullable Tensor mask, DType dtype, Device device) {
        return outcome(causal, inputs, normal(3, result(inputs)), mask, dtype, device);
    }

    private static Shape result(List<Tensor> inputs) {
        return inputs.get(0).shape().with(3, inputs.get(2).dim(3));
    }

    private static List<double[]> outcome(
            boolean causal, List<Tensor> inputs, Tensor dy, @Nullable Tensor mask, DType dtype, Device device) {
        List<Tensor> all = new ArrayList<>();
        inputs.forEach(x -> all.add(x.to(dtype).to(device).requireGradient()));
        if (mask != null) {
            all.add(mask.to(dtype).to(device));
        }
        Tensor y = new DotProductAttention(0.3, causal).apply(all.toArray(Tensor[]::new));
        Gradients gradients = Gradients.ofProduct(y, dy.to(dtype).to(device), List.of(), false);
        List<double[]> results = new ArrayList<>(List.of(y.toDoubles()));
        for (int i = 0; i < 3; i++) {
            results.add(gradients.get(all.get(i)).toDoubles());
        }
        return results;
    }

    private static void check(String what, List<Tensor> inputs, @Nullable Tensor mask, DType dtype, double tolerance) {
        check(what, false, inputs, mask, dtype, tolerance);
    }

    private static void check(
            String what, boolean causal, List<Tensor> inputs, @Nullable Tensor mask, DType dtype, double tolerance) {
        Device card = Emulator.device();
        try (TensorScope scope = TensorScope.open()) {
            List<Tensor> rounded =
                    inputs.stream().map(x -> x.to(dtype).to(DType.FLOAT32)).toList();
            List<double[]> expected = outcome(causal, rounded, mask, DType.FLOAT64, Device.cpu());
            List<double[]> actual = outcome(causal, rounded, mask, dtype, card);
            for (int t = 0; t < 4; t++) {
                for (int i = 0; i < expected.get(t).length; i++) {
                    assertThat(Math.abs(actual.get(t)[i] - expected.get(t)[i]))
                            .as(
                                    "%s, %s: error of element %d",
                                    what, List.of("y", "dq", "dk", "dv").get(t), i)
                            .isLessThanOrEqualTo(tolerance * (1 + Math.abs(expected.get(t)[i])));
                }
            }
        }
    }

    @Test
    void resultsAndGradientsOfAllSizes() {
        for (int[] s : SIZES) {
            check(Arrays.toString(s), inputs(s), null, DType.FLOAT32, 1e-5);
        }
    }

    @Test
    void masksBroadcastAndMayHideWholeTiles() {
        int[] s = SIZES[1];
        int queries = 40;
        int keys = 40;
        Tensor blind = Tensor.arange(keys)
                .reshape(1, keys)
                .lessEqual(Tensor.arange(queries).reshape(queries, 1));
        Tensor causal = Tensor.where(blind, Tensor.scalar(0), Tensor.scalar(-1e9)); // (T, S)
        check("causal", inputs(new int[] {2, 2, queries, keys, 8, 8}), causal, DType.FLOAT32, 1e-5);
        Tensor late = causal.flip(0).flip(1); // the first queries see the last keys only
        check("late", inputs(new int[] {1, 2, queries, keys, 8, 8}), late, DType.FLOAT32, 1e-5);
        for (Shape shape : List.of(
                Shape.of(s[0], 1, 1, s[3]),
                Shape.of(1, s[1], s[2], 1),
                Shape.of(s[2], s[3]),
                Shape.of(s[0], s[1], s[2], s[3]))) {
            check("mask of " + shape, inputs(s), normal(4, shape), DType.FLOAT32, 1e-5);
        }
    }

    @Test
    void causalQueriesSeeWhatStandsBeforeThem() {
        for (int[] s : CAUSAL) {
            String what = "causal " + Arrays.toString(s);
            check(what, true, inputs(s), null, DType.FLOAT32, 1e-5);
            check(what + " with mask", true, inputs(s), normal(4, Shape.of(s[2], s[3])), DType.FLOAT32, 1e-5);
        }
        check("causal bfloat16", true, inputs(CAUSAL[1]), null, DType.BFLOAT16, 0x1p-5);
    }

    @Test
    void whatNoQueryOfABlockSeesIsNotRead() {
        checkNothingUnseenIsRead(DType.FLOAT32, Precision.FLOAT32, 8);
        checkNothingUnseenIsRead(DType.BFLOAT16, Precision.FLOAT32, 8); // ordinary cores: heads are narrow
    }

    @Test
    void hugeLogitsDoNotOverflow() {
        int[] s = SIZES[4];
        List<Tensor> large = inputs(s).stream().map(x -> x.mul(20)).toList();
        check("huge logits", large, null, DType.FLOAT32, 1e-3); // roundings of logits in the hundreds
    }

    @Test
    void bfloat16IsRoundedAtTheEnds() {
        check("bfloat16", inputs(SIZES[1]), null, DType.BFLOAT16, 0x1p-5);
    }

    @Test
    void sizesAndTypesThatTheFusedKernelDoesNotTakeGoByParts() {
        AttentionKernels kernels = (AttentionKernels) Emulator.device().kernels();
        List<Tensor> fit = inputs(SIZES[2]);
        assertThat(kernels.takesAttention(fit.get(0), fit.get(1), fit.get(2), null))
                .isTrue();
        List<Tensor> wide = inputs(new int[] {1, 1, 3, 4, 129, 5});
        assertThat(kernels.takesAttention(wide.get(0), wide.get(1), wide.get(2), null))
                .isFalse();
        check("wide heads", wide, null, DType.FLOAT32, 1e-5);
        check("float64", inputs(SIZES[1]), null, DType.FLOAT64, 1e-12);
    }

    /**
     * Keys, values, queries and slopes beyond a line between tiles are NaN, and so are the results of those who see them, but
     * of nobody else: these are, bit for bit, what they were.
     */
    private static void checkNothingUnseenIsRead(DType dtype, Precision precision, int depth) {
        int rows = 64; // a whole number of blocks in every kernel
        for (int past : new int[] {0, 64}) { // keys before the first query
            List<Tensor> inputs = inputs(new int[] {1, 2, 2 * rows, past + 2 * rows, depth, depth});
            Tensor dy = normal(3, result(inputs));
            try (TensorScope scope = TensorScope.open();
                    PrecisionScope chosen = PrecisionScope.open(precision)) {
                List<double[]> whole = outcome(true, inputs, dy, null, dtype, Emulator.device());
                List<Tensor> late = List.of(
                        inputs.get(0),
                        spoilt(inputs.get(1), past + rows, rows),
                        spoilt(inputs.get(2), past + rows, rows));
                List<double[]> before = outcome(true, late, dy, null, dtype, Emulator.device());
                checkSpoilt("y", before.get(0), whole.get(0), 2 * rows, rows, rows);
                checkSpoilt("dq", before.get(1), whole.get(1), 2 * rows, rows, rows);
                List<Tensor> early = List.of(spoilt(inputs.get(0), 0, rows), inputs.get(1), inputs.get(2));
                List<double[]> after = outcome(true, early, spoilt(dy, 0, rows), null, dtype, Emulator.device());
                checkSpoilt("dk", after.get(2), whole.get(2), past + 2 * rows, 0, past + rows);
                checkSpoilt("dv", after.get(3), whole.get(3), past + 2 * rows, 0, past + rows);
            }
        }
    }

    private static Tensor spoilt(Tensor x, int from, int rows) {
        Tensor nothing = Tensor.full(Double.NaN, x.dtype(), x.shape().with(2, rows));
        Tensor after = x.slice(2, from + rows, x.dim(2) - from - rows);
        return Tensor.concat(2, x.slice(2, 0, from), nothing, after);
    }

    /** Checks that of (…, rows, columns) exactly {@code count} rows from {@code first} on are NaN and the others as they were. */
    private static void checkSpoilt(String what, double[] actual, double[] whole, int rows, int first, int count) {
        int columns = actual.length / 2 / rows; // two heads
        for (int i = 0; i < actual.length; i++) {
            int row = i / columns % rows;
            Double expected = row >= first && row < first + count ? Double.NaN : whole[i];
            assertThat(actual[i]).as("%s, row %d", what, row).isEqualTo(expected); // as objects, NaN equals NaN
        }
    }

    // --- tensor cores -----------------------------------------------------------------------------------------------

    /** B, H, T, S, D, E: whole groups of 16 bytes and none, whole and partial tiles, both widths of rows. */
    private static final int[][] TILED = {
        {1, 2, 16, 16, 16, 16},
        {1, 2, 70, 33, 17, 23},
        {2, 1, 33, 100, 64, 40},
        {1, 1, 48, 50, 128, 128},
        {1, 1, 66, 37, 80, 30}
    };

    /**
     * What may be wrong with a result, as norms. {@link Precision} promises 3.3e-4 of one TF32 product; y and dv come from two
     * behind one another, dq and dk from three, each with roundings of its own. Bfloat16 tensors are multiplied as BF16.
     */
    private static double promise(Precision precision, int result) {
        boolean three = result == 1 || result == 2;
        return precision == Precision.TF32 ? three ? 6e-4 : 4.5e-4 : 1e-2;
    }

    private static double relativeError(double[] actual, double[] exact) {
        double errors = 0;
        double results = 0;
        for (int i = 0; i < exact.length; i++) {
            errors += Math.pow(actual[i] - exact[i], 2);
            results += Math.pow(exact[i], 2);
        }
        return Math.sqrt(errors / results);
    }

    private static void checkOnTensorCores(
            String what, List<Tensor> inputs, @Nullable Tensor mask, DType dtype, Precision precision, double least) {
        checkOnTensorCores(what, false, inputs, mask, dtype, precision, least);
    }

    private static void checkOnTensorCores(
            String what,
            boolean causal,
            List<Tensor> inputs,
            @Nullable Tensor mask,
            DType dtype,
            Precision precision,
            double least) {
        Device card = Emulator.device();
        String kernel =
                "attentionKeys" + (Math.max(inputs.get(0).dim(3), inputs.get(2).dim(3)) <= 64 ? 64 : 128);
        try (TensorScope scope = TensorScope.open();
                PrecisionScope chosen = PrecisionScope.open(precision)) {
            List<Tensor> rounded =
                    inputs.stream().map(x -> x.to(dtype).to(DType.FLOAT32)).toList();
            List<double[]> expected = outcome(causal, rounded, mask, DType.FLOAT64, Device.cpu());
            long before = Emulator.launches(kernel);
            List<double[]> actual = outcome(causal, rounded, mask, dtype, card);
            assertThat(Emulator.launches(kernel)).as(what).isEqualTo(before + 1);
            for (int t = 0; t < 4; t++) {
                assertThat(relativeError(actual.get(t), expected.get(t)))
                        .as(
                                "%s, %s %s: error of %s",
                                what,
                                dtype,
                                precision,
                                List.of("y", "dq", "dk", "dv").get(t))
                        .isBetween(least, promise(precision, t));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"TF32", "BF16"})
    void tensorCoresKeepTheirPromise(Precision precision) {
        for (int[] s : TILED) {
            checkOnTensorCores(
                    Arrays.toString(s),
                    scaled(inputs(s)),
                    null,
                    DType.FLOAT32,
                    precision,
                    precision == Precision.TF32 ? 1e-5 : 1e-4);
        }
    }

    /** Logits of standard deviation 1, as at the beginning of training: q is divided by what the products grow with. */
    private static List<Tensor> scaled(List<Tensor> inputs) {
        double factor = 1 / (0.3 * Math.sqrt(inputs.get(0).dim(3)));
        return List.of(inputs.get(0).mul(factor), inputs.get(1), inputs.get(2));
    }

    @Test
    void bfloat16TensorsTakeTensorCoresUnasked() {
        for (int[] s : TILED) {
            checkOnTensorCores(Arrays.toString(s), scaled(inputs(s)), null, DType.BFLOAT16, Precision.FLOAT32, 0);
        }
    }

    @Test
    void masksOnTensorCores() {
        int n = 40;
        Tensor blind = Tensor.arange(n).reshape(1, n).lessEqual(Tensor.arange(n).reshape(n, 1));
        Tensor causal = Tensor.where(blind, Tensor.scalar(0), Tensor.scalar(-1e9));
        List<Tensor> inputs = scaled(inputs(new int[] {2, 2, n, n, 16, 16}));
        for (Precision precision : List.of(Precision.TF32, Precision.BF16)) {
            checkOnTensorCores("causal", inputs, causal, DType.FLOAT32, precision, 0);
            checkOnTensorCores("late", inputs, causal.flip(0).flip(1), DType.FLOAT32, precision, 0);
            checkOnTensorCores("one a head", inputs, normal(4, Shape.of(2, 1, n)), DType.FLOAT32, precision, 0);
        }
    }

    @Test
    void causalAttentionOnTensorCores() {
        int[][] sizes = {
            {1, 2, 40, 40, 16, 16}, {1, 1, 70, 101, 17, 23}, {1, 1, 48, 80, 128, 128}, {1, 1, 66, 66, 80, 30}
        };
        for (int[] s : sizes) {
            List<Tensor> inputs = scaled(inputs(s));
            Tensor mask = normal(4, Shape.of(s[2], s[3]));
            for (Precision precision : List.of(Precision.TF32, Precision.BF16)) {
                checkOnTensorCores("causal", true, inputs, null, DType.FLOAT32, precision, 0);
                checkOnTensorCores("causal with mask", true, inputs, mask, DType.FLOAT32, precision, 0);
            }
            checkOnTensorCores("causal", true, inputs, null, DType.BFLOAT16, Precision.FLOAT32, 0);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"TF32", "BF16"})
    void tensorCoresReadNothingUnseen(Precision precision) {
        checkNothingUnseenIsRead(DType.FLOAT32, precision, 16); // rows of 64
        checkNothingUnseenIsRead(DType.FLOAT32, precision, 72); // rows of 128
        checkNothingUnseenIsRead(DType.BFLOAT16, precision, 16);
    }
}
