package org.atelier4j.vqvae;

import static org.assertj.core.api.Assertions.assertThat;

import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.junit.jupiter.api.Test;

class KMeansTest {
    private final Tensor points = Rng.of(3).normal(Shape.of(200, 3));

    private double error(Tensor means) {
        return means.gatherRows(points.nearestRow(means))
                .sub(points)
                .square()
                .mean()
                .item();
    }

    @Test
    void everyRoundLowersTheError() {
        double last = Double.POSITIVE_INFINITY;
        for (int rounds : new int[] {0, 1, 2, 4, 8}) {
            double now = error(KMeans.fit(points, 10, rounds, Rng.of(1)));
            assertThat(now).isLessThan(last);
            last = now;
        }
    }

    @Test
    void oneMeanIsTheMean() {
        TensorAssert.assertThat(KMeans.fit(points, 1, 1, Rng.of(1)).reshape(3))
                .isCloseTo(points.mean(0).reshape(3), 1e-5, 1e-6);
    }

    @Test
    void asManyMeansAsPointsAreThePoints() {
        assertThat(error(KMeans.fit(points, 200, 1, Rng.of(1)))).isLessThan(1e-12);
    }

    @Test
    void moreMeansThanPointsAreAllowedAndFinite() {
        Tensor means = KMeans.fit(points.slice(0, 0, 3), 8, 4, Rng.of(1));

        TensorAssert.assertThat(means).hasShape(8, 3).isFinite();
    }
}
