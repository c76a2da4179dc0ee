package org.atelier4j.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.atelier4j.tensor.GoldenFile;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.device.HostPool;
import org.junit.jupiter.api.Test;

class KernelDistanceTest {
    private final GoldenFile golden = GoldenFile.load("golden/features.safetensors");
    private final FeatureBank x = Laws.bank(golden.tensor("kernel.x"));
    private final FeatureBank y = Laws.bank(golden.tensor("kernel.y"));

    @Test
    void equalsTorchFidelity() {
        assertThat(KernelDistance.unbiased(x, y))
                .isCloseTo(golden.tensor("kernel.equal").item(), within(1e-12));
    }

    @Test
    void unequalCountsHaveTheUStatistic() {
        FeatureBank z = Laws.bank(golden.tensor("kernel.y").slice(0, 0, 25));

        assertThat(KernelDistance.unbiased(x, z))
                .isCloseTo(golden.tensor("kernel.unequal").item(), within(1e-12));
    }

    @Test
    void manyBlocksGiveWhatPairsGiveOneByOne() {
        FeatureBank a = Laws.bank(1100, 2, 1); // more than one block on each side
        FeatureBank b = Laws.bank(Laws.normal(1030, 2, 2).mul(1.5));

        assertThat(KernelDistance.unbiased(a, b)).isCloseTo(slow(a, b), within(1e-10));
    }

    private static double slow(FeatureBank a, FeatureBank b) {
        return mean(a, a, true) + mean(b, b, true) - 2 * mean(a, b, false);
    }

    private static double mean(FeatureBank a, FeatureBank b, boolean within) {
        double[] x = a.rows().toDoubles();
        double[] y = b.rows().toDoubles();
        double sum = 0;
        long pairs = 0;
        for (int i = 0; i < a.count(); i++) {
            for (int j = 0; j < b.count(); j++) {
                if (!within || i != j) {
                    sum += Math.pow((x[2 * i] * y[2 * j] + x[2 * i + 1] * y[2 * j + 1]) / 2 + 1, 3);
                    pairs++;
                }
            }
        }
        return sum / pairs;
    }

    @Test
    void oneSubsetOfAllIsTheWhole() {
        Estimate e = new KernelDistance(1, 40).measure(x, y, Rng.of(1));

        assertThat(e.mean()).isCloseTo(KernelDistance.unbiased(x, y), within(1e-12));
        assertThat(e.deviation()).isZero();
    }

    /** For standard normal rows the kernel's mean is E(x·y/D + 1)³ = 1 + 3/D, so equal laws give 0 on average. */
    @Test
    void isUnbiasedForEqualLaws() {
        double[] values = new double[200];
        int below = 0;
        for (int i = 0; i < values.length; i++) {
            values[i] = KernelDistance.unbiased(Laws.bank(20, 4, 2 * i), Laws.bank(20, 4, 2 * i + 1));
            below += values[i] < 0 ? 1 : 0;
        }
        Estimate e = Estimate.of(values);

        assertThat(e.mean()).isCloseTo(0, within(3 * e.standardError()));
        assertThat(below).isBetween(50, 160);
    }

    /** A shift s of each of D coordinates: E k(x, y) of means a, b is E(x·y/D + 1)³, cubic moments of Gaussians. */
    @Test
    void isUnbiasedForShiftedLaws() {
        double s = 0.7; // one coordinate: E(xy + 1)³ for x, y independent with means 0 or s and variance 1
        double xx = 1 + 3 * second(0) * second(0);
        double xy = 1 + 3 * second(0) * second(s);
        double yy = third(s) * third(s) + 3 * second(s) * second(s) + 3 * s * s + 1;
        double expected = xx + yy - 2 * xy;
        double[] values = new double[300];
        for (int i = 0; i < values.length; i++) {
            FeatureBank a = Laws.bank(30, 1, 2 * i);
            FeatureBank b = Laws.bank(Laws.normal(10, 1, 2 * i + 1).add(s));
            values[i] = KernelDistance.unbiased(a, b);
        }
        Estimate e = Estimate.of(values);

        assertThat(e.mean()).isCloseTo(expected, within(3 * e.standardError()));
        assertThat(expected).isGreaterThan(3 * e.standardError());
    }

    private static double second(double mean) {
        return mean * mean + 1;
    }

    private static double third(double mean) {
        return mean * mean * mean + 3 * mean;
    }

    @Test
    void subsetsAverageToAboutTheWholeAndFollowTheSeed() {
        KernelDistance kid = new KernelDistance(60, 15);
        Estimate e = kid.measure(x, y, Rng.of(1));

        assertThat(e.mean()).isCloseTo(KernelDistance.unbiased(x, y), within(4 * e.standardError()));
        assertThat(e.count()).isEqualTo(60);
        assertThat(e.deviation()).isPositive();
        assertThat(kid.measure(x, y, Rng.of(1))).isEqualTo(e);
        assertThat(kid.measure(x, y, Rng.of(2))).isNotEqualTo(e);
    }

    @Test
    void tooFewImagesAndOtherWidthsAreRefused() {
        assertThatThrownBy(() -> KernelDistance.usual().measure(x, y, Rng.of(1)))
                .hasMessage("KernelDistance: at least 1000 images are needed, got 40");
        assertThatThrownBy(() -> KernelDistance.unbiased(x, Laws.bank(5, 3, 1)))
                .hasMessage("KernelDistance: rows must be of one length D, got [40, 16] and [5, 3]");
        assertThatThrownBy(() -> new KernelDistance(0, 5)).hasMessage("KernelDistance: subsets must be >= 1, got 0");
        assertThatThrownBy(() -> new KernelDistance(5, 1)).hasMessage("KernelDistance: subsetSize must be >= 2, got 1");
    }

    /** A hundred subsets would be a hundred megabytes that wait for a garbage collector who does not see them. */
    @Test
    void subsetsGiveTheirMemoryBack() {
        FeatureBank a = Laws.bank(200, 8, 1);
        FeatureBank b = Laws.bank(200, 8, 2);
        KernelDistance distance = new KernelDistance(20, 150);
        distance.measure(a, b, Rng.of(1));
        long before = HostPool.SHARED.reservedBytes() - HostPool.SHARED.pooledBytes();

        distance.measure(a, b, Rng.of(1));

        assertThat(HostPool.SHARED.reservedBytes() - HostPool.SHARED.pooledBytes())
                .isLessThanOrEqualTo(before);
    }
}
