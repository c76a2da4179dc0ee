package org.atelier4j.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.EigenDecomposition;
import org.apache.commons.math3.linear.RealMatrix;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.GoldenFile;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.ShapeException;
import org.atelier4j.tensor.SymmetricEigen;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrechetDistanceTest {
    private final GoldenFile golden = GoldenFile.load("golden/features.safetensors");

    @Test
    void axisAlignedGaussiansHaveTheClosedForm() {
        double[] m1 = {1, -2, 0.5};
        double[] m2 = {0, 3, 0.5};
        double[] s1 = {2, 0.5, 1e-3}; // standard deviations
        double[] s2 = {1, 4, 7};
        double expected = 0; // Σ (m₁ − m₂)² + (s₁ − s₂)²
        for (int i = 0; i < 3; i++) {
            expected += Math.pow(m1[i] - m2[i], 2) + Math.pow(s1[i] - s2[i], 2);
        }

        double d = FrechetDistance.between(Tensor.of(m1), diagonal(s1), Tensor.of(m2), diagonal(s2));

        assertThat(d).isCloseTo(expected, within(1e-9));
    }

    @Test
    void turnedGaussiansOfCommonAxesHaveTheClosedForm() {
        Tensor axes = SymmetricEigen.of(symmetric(12)).vectors();
        double[] s1 = new double[12];
        double[] s2 = new double[12];
        double expected = 0;
        for (int i = 0; i < 12; i++) {
            s1[i] = 0.1 + i;
            s2[i] = 5 - 0.3 * i;
            expected += Math.pow(s1[i] - s2[i], 2);
        }
        Tensor zero = Tensor.of(new double[12]);

        double d = FrechetDistance.between(zero, turned(axes, s1), zero, turned(axes, s2));

        assertThat(d).isCloseTo(expected, within(1e-9));
    }

    @ParameterizedTest
    @ValueSource(strings = {"full", "subspace", "few", "few-and-full"})
    void equalsTheDistanceFromSingularValues(String name) {
        double expected = golden.tensor("frechet." + name + ".svd").item();

        assertThat(distance(name)).isCloseTo(expected, within(1e-9 * expected));
    }

    @ParameterizedTest
    @ValueSource(strings = {"full", "subspace", "few", "few-and-full"})
    void equalsTorchFidelity(String name) {
        double expected = golden.tensor("frechet." + name + ".fidelity").item();

        assertThat(distance(name)).isCloseTo(expected, within(1e-6));
    }

    @Test
    void equalsScipysMatrixSquareRoot() {
        assertThat(distance("full"))
                .isCloseTo(golden.tensor("frechet.full.sqrtm").item(), within(1e-9));
    }

    @Test
    void equalsTheSlowWayOfCommonsMath() {
        FeatureStatistics a = FeatureStatisticsTest.inBatches(golden.tensor("frechet.full.x"), 60);
        FeatureStatistics b = FeatureStatisticsTest.inBatches(golden.tensor("frechet.full.y"), 50);
        RealMatrix s1 = matrix(a.covariance());
        RealMatrix s2 = matrix(b.covariance());
        RealMatrix half = new EigenDecomposition(s1).getSquareRoot();
        RealMatrix root = new EigenDecomposition(half.multiply(s2).multiply(half)).getSquareRoot();
        double shift = a.mean().sub(b.mean()).square().sum().item();
        double expected = shift + s1.getTrace() + s2.getTrace() - 2 * root.getTrace();

        assertThat(FrechetDistance.between(a, b)).isCloseTo(expected, within(1e-9));
    }

    @ParameterizedTest
    @ValueSource(strings = {"full", "subspace", "few"})
    void aSetIsAtDistanceZeroFromItself(String name) {
        FeatureStatistics s = FeatureStatisticsTest.inBatches(golden.tensor("frechet." + name + ".x"), 60);

        assertThat(FrechetDistance.between(s, s)).isBetween(0.0, 1e-9);
    }

    @ParameterizedTest
    @ValueSource(strings = {"full", "subspace", "few", "few-and-full"})
    void isSymmetric(String name) {
        FeatureStatistics a = FeatureStatisticsTest.inBatches(golden.tensor("frechet." + name + ".x"), 60);
        FeatureStatistics b = FeatureStatisticsTest.inBatches(golden.tensor("frechet." + name + ".y"), 60);
        double forth = FrechetDistance.between(a, b);

        assertThat(FrechetDistance.between(b, a)).isCloseTo(forth, within(1e-9 * forth));
    }

    @Test
    void growsWithTheShiftByItsSquare() {
        FeatureStatistics a = Laws.bank(100, 5, 1).statistics();
        FeatureStatistics b = Laws.bank(Laws.normal(100, 5, 1).add(3)).statistics();

        assertThat(FrechetDistance.between(a, b)).isCloseTo(5 * 9, within(1e-9));
    }

    @Test
    void aConstantSetHasTheDistanceOfAPoint() {
        FeatureStatistics point =
                Laws.bank(Tensor.full(2, DType.FLOAT64, Shape.of(10, 3))).statistics();
        FeatureStatistics law = FeatureStatisticsTest.inBatches(Laws.normal(40, 3, 1), 40);
        Tensor covariance = law.covariance();
        double trace = covariance.mul(Tensor.eye(3).to(DType.FLOAT64)).sum().item();
        double shift = law.mean().sub(2).square().sum().item();

        assertThat(FrechetDistance.between(point, law)).isCloseTo(shift + trace, within(1e-10));
        assertThat(FrechetDistance.between(point, point)).isZero();
    }

    @Test
    void otherSetsAreRefused() {
        FeatureStatistics two = FeatureStatistics.of("fm-net", "0123456789abcdef", 2);
        FeatureStatistics other = FeatureStatistics.of("fm-net", "fedcba9876543210", 2);
        assertThatThrownBy(() -> FrechetDistance.between(two, other))
                .hasMessage(
                        "FrechetDistance: both sets of features must come from one network, got fm-net (0123456789ab)"
                                + " and fm-net (fedcba987654)");

        two.add(Laws.normal(1, 2, 1));
        assertThatThrownBy(() -> FrechetDistance.between(two, two))
                .hasMessage("FrechetDistance: at least 2 images are needed, got 1");

        Tensor mean = Tensor.of(new double[2]);
        Tensor wide = Tensor.of(new double[9], 3, 3);
        assertThatThrownBy(() -> FrechetDistance.between(mean, wide, mean, wide))
                .isInstanceOf(ShapeException.class)
                .hasMessage("FrechetDistance: means must be (D) and covariances (D, D), got [2], [3, 3], [2], [3, 3]");
    }

    /** {@link MetricTimings} prints how long it takes; here a busy machine may take much longer. */
    @Test
    @Tag("slow")
    void twoThousandFeaturesOfAnIllConditionedLawTakeSeconds() {
        Tensor x = Laws.normal(2048, 2048, 1).matmul(Laws.normal(2048, 2048, 2));
        Tensor covariance = x.matmul(x, true, false).div(2048 * 2048);
        Tensor mean = Tensor.of(new double[2048]);

        long start = System.nanoTime();
        double d = FrechetDistance.between(mean, covariance, mean, covariance);

        assertThat((System.nanoTime() - start) * 1e-9).isLessThan(60);
        // The trace is about 2048, and d was 6.8e-5: rounding leaves an eigenvalue λ² of the product uncertain by
        // 2048·2⁻⁵² of the largest, so small λ by 7e-7 of the largest, and an ill-conditioned law has dozens of them.
        assertThat(d).isLessThan(1e-7 * 2048);
    }

    private double distance(String name) {
        return FrechetDistance.between(
                FeatureStatisticsTest.inBatches(golden.tensor("frechet." + name + ".x"), 17),
                FeatureStatisticsTest.inBatches(golden.tensor("frechet." + name + ".y"), 17));
    }

    private static Tensor symmetric(int n) {
        Tensor x = Laws.normal(n, n, 3);
        return x.add(x.transpose());
    }

    private static Tensor diagonal(double[] deviations) {
        return turned(Tensor.eye(deviations.length).to(DType.FLOAT64), deviations);
    }

    private static Tensor turned(Tensor axes, double[] deviations) {
        return axes.mul(Tensor.of(deviations, deviations.length, 1).square())
                .matmul(axes, true, false)
                .transpose();
    }

    private static RealMatrix matrix(Tensor t) {
        double[][] rows = new double[t.dim(0)][];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = t.select(0, i).toDoubles();
        }
        return new Array2DRowRealMatrix(rows, false);
    }
}
