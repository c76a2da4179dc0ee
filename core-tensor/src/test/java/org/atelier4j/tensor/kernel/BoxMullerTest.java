package org.atelier4j.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.apache.commons.math3.distribution.NormalDistribution;
import org.apache.commons.math3.stat.inference.KolmogorovSmirnovTest;
import org.junit.jupiter.api.Test;

/** Normal numbers from uniform bits, and the float functions they are made with. */
class BoxMullerTest {

    private static double ulps(float actual, double expected) {
        return Math.abs(actual - expected) / Math.ulp((float) expected);
    }

    @Test
    void logarithmIsWithinTwoUlpOnAllOfItsRange() {
        double worst = 0;
        for (int bits = Float.floatToIntBits(0x1p-33f); bits <= Float.floatToIntBits(1f); bits += 997) {
            float u = Float.intBitsToFloat(bits);
            worst = Math.max(worst, ulps(BoxMuller.log(u), Math.log(u)));
        }
        for (int i = 1; i < 100_000; i++) { // the last steps below 1
            float u = 1 - i * 0x1p-24f;
            worst = Math.max(worst, ulps(BoxMuller.log(u), Math.log(u)));
        }
        assertThat(worst).isLessThan(2);
        assertThat(BoxMuller.log(1)).isZero();
    }

    @Test
    void sineAndCosineAreWithinTwoUlpOnAnEighthOfATurn() {
        double worst = 0;
        for (int i = -(1 << 20); i <= 1 << 20; i++) {
            float x = (float) (i * Math.PI / 4 / (1 << 20));
            worst = Math.max(worst, ulps(BoxMuller.cos(x), Math.cos(x)));
            if (i != 0) {
                worst = Math.max(worst, ulps(BoxMuller.sin(x), Math.sin(x)));
            }
        }
        assertThat(worst).isLessThan(2);
        assertThat(BoxMuller.sin(0)).isZero();
        assertThat(BoxMuller.cos(0)).isEqualTo(1);
    }

    @Test
    void agreesWithDoublePrecisionForAllAnglesAndRadii() {
        Random random = new Random(3);
        float[] z = new float[2];
        double worst = 0;
        for (int i = 0; i < 200_000; i++) {
            int a = i < 1000 ? i : random.nextInt();
            int b = i % 64 < 8 ? (i % 64) << 29 : random.nextInt(); // the axes and diagonals too
            BoxMuller.transform(a, b, z, 0);
            float u = (a >>> 1) * 0x1p-31f + 0x1p-32f;
            double radius = Math.sqrt(-2 * Math.log(u));
            double angle = 2 * Math.PI * (b & 0xffffffffL) * 0x1p-32;
            double scale = radius + 1e-5;
            worst = Math.max(worst, Math.abs(z[0] - radius * Math.cos(angle)) / scale);
            worst = Math.max(worst, Math.abs(z[1] - radius * Math.sin(angle)) / scale);
        }
        assertThat(worst).isLessThan(3e-7);
    }

    @Test
    void tailsEndAtTheSmallestUniformNumber() {
        float[] z = new float[2];
        BoxMuller.transform(0, 0, z, 0);
        assertThat(z[0]).isCloseTo((float) Math.sqrt(2 * Math.log(0x1p32)), within(1e-5f));
        assertThat(z[1]).isZero();
        BoxMuller.transform(-1, 0x12345678, z, 0);
        assertThat(Math.abs(z[0]) + Math.abs(z[1])).isZero(); // u = 1
        double[] wide = new double[2];
        BoxMuller.transform(1 - 0x1p-53, 0.0, wide, 0);
        assertThat(wide[0]).isCloseTo(Math.sqrt(2 * Math.log(0x1p53)), within(1e-12));
        BoxMuller.transform(0.0, 0.3, wide, 0);
        assertThat(Math.abs(wide[0]) + Math.abs(wide[1])).isZero();
    }

    /** The bits are promised to every processor, so they are written down; NumPy's float32 gives the same. */
    @Test
    void bitsStayAsTheyAre() {
        float[] z = new float[4];
        BoxMuller.transform(0x6627e8d5, 0xe169c58d, z, 0);
        BoxMuller.transform(0xbc57ac4c, 0x9b00dbd8, z, 2);
        int[] bits = new int[4];
        Arrays.setAll(bits, i -> Float.floatToIntBits(z[i]));
        assertThat(bits).containsExactly(1065204529, -1083394384, -1088545889, -1091120718);
    }

    @Test
    void numbersAreNormal() {
        int n = 200_000;
        float[] z = new float[n];
        double[] wide = new double[n];
        int[] words = new int[4];
        for (int i = 0; i < n; i += 4) {
            Philox.block(11, i, 0, words, 0);
            BoxMuller.transform(words[0], words[1], z, i);
            BoxMuller.transform(words[2], words[3], z, i + 2);
        }
        for (int i = 0; i < n; i++) {
            wide[i] = z[i];
        }
        assertThat(moment(wide, 1)).isCloseTo(0, within(4 / Math.sqrt(n)));
        assertThat(moment(wide, 2)).isCloseTo(1, within(4 * Math.sqrt(2.0 / n)));
        assertThat(moment(wide, 3)).isCloseTo(0, within(4 * Math.sqrt(15.0 / n)));
        assertThat(moment(wide, 4)).isCloseTo(3, within(4 * Math.sqrt(96.0 / n)));
        assertThat(new KolmogorovSmirnovTest().kolmogorovSmirnovTest(new NormalDistribution(0, 1), wide))
                .isGreaterThan(0.001);
    }

    private static double moment(double[] x, int power) {
        return Arrays.stream(x).map(v -> Math.pow(v, power)).average().orElseThrow();
    }
}
