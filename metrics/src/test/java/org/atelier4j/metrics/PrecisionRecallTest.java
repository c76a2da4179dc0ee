package org.atelier4j.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.atelier4j.metrics.PrecisionRecall.Result;
import org.atelier4j.tensor.GoldenFile;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;

class PrecisionRecallTest {
    private final PrecisionRecall paper = PrecisionRecall.paper();

    @Test
    void equalsTorchFidelityAndTheFormulasOfNaeem() {
        GoldenFile golden = GoldenFile.load("golden/features.safetensors");
        double[] expected = golden.tensor("neighbors.result").toDoubles();

        Result r =
                paper.measure(Laws.bank(golden.tensor("neighbors.real")), Laws.bank(golden.tensor("neighbors.fake")));

        assertThat(r.precision()).isCloseTo(expected[0], within(1e-7)); // its mean is a float
        assertThat(r.recall()).isCloseTo(expected[1], within(1e-7));
        assertThat(r.density()).isCloseTo(expected[2], within(1e-12));
        assertThat(r.coverage()).isCloseTo(expected[3], within(1e-12));
    }

    @Test
    void equalSetsArePreciseRecalledAndCovered() {
        FeatureBank x = Laws.bank(200, 4, 1);

        assertThat(paper.measure(x, x)).isEqualTo(new Result(1, 1, 1, 1));
    }

    @Test
    void farSetsShareNothing() {
        FeatureBank x = Laws.bank(50, 4, 1);
        FeatureBank far = Laws.bank(Laws.normal(40, 4, 2).add(100));

        assertThat(paper.measure(x, far)).isEqualTo(new Result(0, 0, 0, 0));
    }

    @Test
    void oneRepeatedRealImageIsPreciseButRecallsAndCoversNearlyNothing() {
        Tensor real = Laws.normal(100, 3, 1);
        Tensor repeated = real.slice(0, 7, 1).tile(0, 30);

        Result r = paper.measure(Laws.bank(real), Laws.bank(repeated));

        assertThat(r.precision()).isEqualTo(1);
        assertThat(r.recall()).isCloseTo(0.01, within(1e-12)); // its balls are points: only that image lies in them
        assertThat(r.coverage()).isLessThan(0.15);
    }

    @Test
    void pointsOnALineHaveKnownBalls() {
        // Real 0, 1, 2, 10: with k = 1 the balls reach 1, 1, 1, 8. Generated −0.9, 0.5, 5: balls reach 1.4, 1.4, 4.5.
        FeatureBank real = line(0, 1, 2, 10);
        FeatureBank generated = line(-0.9, 0.5, 5);

        Result r = new PrecisionRecall(1, 1).measure(real, generated);

        assertThat(r.precision()).isEqualTo(1); // −0.9 by 0; 0.5 by 0, 1; 5 by 10
        assertThat(r.recall()).isEqualTo(3 / 4.0); // 0, 1, 2 by 0.5 or 5; 10 is 5 away from 5, whose ball reaches 4.5
        assertThat(r.density()).isCloseTo((1 + 2 + 1) / 3.0, within(1e-15));
        assertThat(r.coverage()).isEqualTo(3 / 4.0); // no generated one within 1 of 2
    }

    /** Naeem et al. 2020, eq. 7: for equal laws and counts coverage is 1 − (M − 1)…(M − k)/((2M − 1)…(2M − k)). */
    @Test
    void equalLawsHaveTheCoverageOfThePaper() {
        int n = 400;
        double expected = 1;
        for (int i = 1; i <= 5; i++) {
            expected *= (n - i) / (2.0 * n - i);
        }
        double coverage = 0;
        double density = 0;
        for (int i = 0; i < 10; i++) {
            Result r = paper.measure(Laws.bank(n, 5, 2 * i), Laws.bank(n, 5, 2 * i + 1));
            coverage += r.coverage() / 10;
            density += r.density() / 10;
        }

        assertThat(coverage).isCloseTo(1 - expected, within(0.01));
        assertThat(density).isCloseTo(1, within(0.03));
    }

    @Test
    void manyBlocksAreOneSet() {
        FeatureBank real = Laws.bank(1500, 2, 1);
        FeatureBank generated = Laws.bank(1200, 2, 2);

        assertThat(paper.measure(real, generated)).isEqualTo(slow(real, generated));
    }

    private static Result slow(FeatureBank real, FeatureBank generated) {
        double[] x = real.rows().toDoubles();
        double[] y = generated.rows().toDoubles();
        double[] r3 = radii(x, 3);
        double[] r5 = radii(x, 5);
        double[] g3 = radii(y, 3);
        int n = x.length / 2;
        int m = y.length / 2;
        double precise = 0;
        double balls = 0;
        for (int j = 0; j < m; j++) {
            boolean in = false;
            for (int i = 0; i < n; i++) {
                in |= distance(x, i, y, j) <= r3[i];
                balls += distance(x, i, y, j) < r5[i] ? 1 : 0;
            }
            precise += in ? 1 : 0;
        }
        double recalled = 0;
        double covered = 0;
        for (int i = 0; i < n; i++) {
            boolean in = false;
            boolean covers = false;
            for (int j = 0; j < m; j++) {
                in |= distance(x, i, y, j) <= g3[j];
                covers |= distance(x, i, y, j) < r5[i];
            }
            recalled += in ? 1 : 0;
            covered += covers ? 1 : 0;
        }
        return new Result(precise / m, recalled / n, balls / (5.0 * m), covered / n);
    }

    private static double[] radii(double[] x, int k) {
        double[] radii = new double[x.length / 2];
        for (int i = 0; i < radii.length; i++) {
            double[] all = new double[radii.length];
            for (int j = 0; j < all.length; j++) {
                all[j] = distance(x, i, x, j);
            }
            java.util.Arrays.sort(all);
            radii[i] = all[k];
        }
        return radii;
    }

    private static double distance(double[] x, int i, double[] y, int j) {
        return Math.hypot(x[2 * i] - y[2 * j], x[2 * i + 1] - y[2 * j + 1]);
    }

    @Test
    void moreImagesThanNeighborsAreNeeded() {
        assertThatThrownBy(() -> paper.measure(Laws.bank(5, 2, 1), Laws.bank(50, 2, 1)))
                .hasMessage("PrecisionRecall: at least 6 images are needed, got 5");
        assertThatThrownBy(() -> new PrecisionRecall(0, 5))
                .hasMessage("PrecisionRecall: neighbors must be >= 1, got 0 and 5");
    }

    private static FeatureBank line(double... points) {
        return Laws.bank(Tensor.of(points, points.length, 1));
    }
}
