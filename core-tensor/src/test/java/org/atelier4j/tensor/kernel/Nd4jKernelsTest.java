package org.atelier4j.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.kernel.nd4j.Nd4jKernels;
import org.junit.jupiter.api.Test;

/** The portable provider keeps the contract, and what only it promises. */
class Nd4jKernelsTest extends KernelsContract {

    @Override
    protected Kernels provider() {
        return new Nd4jKernels();
    }

    private Tensor converted(Tensor x, DType to) {
        Tensor y = Tensor.empty(x.shape(), to, x.device());
        provider().convert(x, y);
        return y;
    }

    @Test
    void realsBeyondAnIntegerTypeBecomeItsNearestNumber() {
        double[] values = {-1, 255, 256, 1e30, -1e30, Double.NaN, 2.9, -2.9, Double.POSITIVE_INFINITY};
        Tensor x = Raw.tensor(DType.FLOAT64, Shape.of(values.length), values);
        assertThat(Raw.longs(converted(x, DType.UINT8))).containsExactly(0, 255, 255, 255, 0, 0, 2, 0, 255);
        int max = Integer.MAX_VALUE;
        int min = Integer.MIN_VALUE;
        assertThat(Raw.longs(converted(x, DType.INT32))).containsExactly(-1, 255, 256, max, min, 0, 2, -2, max);
        assertThat(Raw.longs(converted(x, DType.INT64)))
                .containsExactly(-1, 255, 256, Long.MAX_VALUE, Long.MIN_VALUE, 0, 2, -2, Long.MAX_VALUE);
    }

    @Test
    void integersBeyondAnIntegerTypeKeepTheirLowBits() {
        Tensor x = Tensor.of(new long[] {-1, 257, 1L << 40, (1L << 32) + 5}, 4);
        assertThat(Raw.longs(converted(x, DType.UINT8))).containsExactly(255, 1, 0, 5);
        assertThat(Raw.longs(converted(x, DType.INT32))).containsExactly(-1, 257, 0, 5);
        assertThat(Raw.longs(converted(x, DType.BOOL))).containsExactly(1, 1, 1, 1);
    }

    /** bfloat16 has 8 significant bits: the nearest of the two neighbours, the even one in the middle. */
    @Test
    void bfloat16RoundsToNearestEven() {
        double[] values = {1 + 0x1p-8, 1 + 3 * 0x1p-8, 1 + 0x1p-8 + 0x1p-20, 1 + 0x1p-9, -1 - 0x1p-8, 3.4e38};
        Tensor x = Raw.tensor(DType.FLOAT32, Shape.of(values.length), values);
        assertThat(Raw.doubles(converted(x, DType.BFLOAT16)))
                .containsExactly(1, 1 + 0x1p-6, 1 + 0x1p-7, 1, -1, Double.POSITIVE_INFINITY);
    }

    @Test
    void tailsOfFunctionsKeepTheirRelativePrecision() {
        double[] x = {-5, -10, -30};
        double[] gelu = {-1.43325785939596956e-6, -7.61985302416052607e-23, -1.47201417814445612e-196};
        Tensor in = Raw.tensor(DType.FLOAT64, Shape.of(3), x);
        Tensor y = Tensor.empty(in.shape(), DType.FLOAT64, in.device());
        provider().unary(Unary.of(Unary.Function.GELU), in, y);
        for (int i = 0; i < 3; i++) {
            assertThat(Raw.doubles(y)[i] / gelu[i]).isCloseTo(1, within(1e-12));
        }
        provider().unary(Unary.of(Unary.Function.SOFTPLUS), in, y);
        assertThat(Raw.doubles(y)[2] / Math.exp(-30)).isCloseTo(1, within(1e-12));
        provider().unary(Unary.of(Unary.Function.ELU, 1), Raw.tensor(DType.FLOAT64, Shape.of(3), -1e-12, 0, 1), y);
        assertThat(Raw.doubles(y)[0] / -1e-12).isCloseTo(1, within(1e-11));
    }

    /** Every bfloat16 sum is rounded once, not after each addend: 1 + 256·2⁻⁹ would otherwise stay 1. */
    @Test
    void bfloat16SumsAreRoundedOnce() {
        double[] rows = new double[256];
        java.util.Arrays.fill(rows, 0x1p-9);
        Tensor small = Raw.tensor(DType.BFLOAT16, Shape.of(256, 1), rows);
        Tensor table = Raw.tensor(DType.BFLOAT16, Shape.of(1, 1), 1);
        provider().scatterAddRows(small, Tensor.of(new int[256], 256), table);
        assertThat(Raw.doubles(table)).containsExactly(1.5);
        Tensor sum = Raw.tensor(DType.BFLOAT16, Shape.of(1, 1), 1);
        provider().scatterAddAxis(small, 0, Tensor.of(new int[256], 256, 1), sum);
        assertThat(Raw.doubles(sum)).containsExactly(1.5);
    }
}
