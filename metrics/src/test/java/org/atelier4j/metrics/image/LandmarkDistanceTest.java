package org.atelier4j.metrics.image;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.atelier4j.tensor.TensorAssert.assertThat;

import org.atelier4j.tensor.GoldenFile;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.junit.jupiter.api.Test;

class LandmarkDistanceTest {
    private final GoldenFile golden = GoldenFile.load("golden/images.safetensors");
    private final Tensor truth = golden.tensor("landmarks.truth");
    private final Tensor predicted = golden.tensor("landmarks.predicted");

    @Test
    void equalsNumPyForEveryLength() {
        assertThat(LandmarkDistance.between(1, 4).of(predicted, truth))
                .isCloseTo(golden.tensor("landmarks.eyes"), 1e-12, 0);
        assertThat(LandmarkDistance.ofBox().of(predicted, truth)).isCloseTo(golden.tensor("landmarks.box"), 1e-12, 0);
        assertThat(LandmarkDistance.pixels().of(predicted, truth))
                .isCloseTo(golden.tensor("landmarks.pixels"), 1e-12, 0);
    }

    @Test
    void motionEqualsNumPy() {
        assertThat(LandmarkDistance.pixels().ofMotion(predicted, truth))
                .isCloseTo(golden.tensor("landmarks.motion"), 1e-12, 0);
    }

    @Test
    void aConstantShiftCostsNoMotion() {
        assertThat(LandmarkDistance.ofBox().ofMotion(truth.add(5), truth)).isCloseTo(new double[3], 0, 1e-14);
    }

    @Test
    void normalizedErrorsDoNotSeeTheUnit() {
        Tensor once = LandmarkDistance.ofBox().of(predicted, truth);

        assertThat(LandmarkDistance.ofBox().of(predicted.mul(3), truth.mul(3))).isCloseTo(once, 1e-12, 0);
    }

    @Test
    void theResultOutlivesItsScope() {
        try (TensorScope scope = TensorScope.open()) {
            assertThat(LandmarkDistance.pixels().of(truth, truth)).isCloseTo(new double[4], 0, 0);
        }
    }

    @Test
    void badLandmarksAreRefused() {
        assertThatThrownBy(() -> LandmarkDistance.pixels().of(predicted.slice(0, 0, 3), truth))
                .hasMessage("LandmarkDistance: landmarks must be (N >= 1, L, 2 or 3) for both, got [3, 6, 2] and [4, 6,"
                        + " 2]");
        assertThatThrownBy(() -> LandmarkDistance.between(0, 6).of(predicted, truth))
                .hasMessage("LandmarkDistance: landmarks must lie in [0, 6), got 0 and 6");
        assertThatThrownBy(() -> LandmarkDistance.ofBox().of(predicted, truth.mul(0)))
                .hasMessage("LandmarkDistance: the true face must have a size > 0, got 0.0");
        assertThatThrownBy(() -> LandmarkDistance.pixels().ofMotion(truth.slice(0, 0, 1), truth.slice(0, 0, 1)))
                .hasMessageStartingWith("LandmarkDistance: landmarks must be (N >= 2, L, 2 or 3)");
    }
}
