package org.atelier4j.vqvae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AnnealingTest {

    @ParameterizedTest
    @EnumSource(Annealing.Curve.class)
    void itFallsFromStartToEndAndStaysThere(Annealing.Curve curve) {
        Annealing annealing = new Annealing(curve, 2, 0.5, 100);

        assertThat(annealing.at(0)).isEqualTo(2);
        assertThat(annealing.at(100)).isCloseTo(0.5, within(1e-15));
        assertThat(annealing.at(12345)).isCloseTo(0.5, within(1e-15));
        for (int step = 1; step <= 100; step++) {
            assertThat(annealing.at(step)).as("step %d", step).isLessThan(annealing.at(step - 1));
        }
    }

    @Test
    void halfWayTheCosineIsAtTheMeanAndTheExponentialAtTheGeometricMean() {
        assertThat(new Annealing(Annealing.Curve.COSINE, 2, 0.5, 100).at(50)).isCloseTo(1.25, within(1e-12));
        assertThat(new Annealing(Annealing.Curve.EXPONENTIAL, 2, 0.5, 100).at(50))
                .isCloseTo(1, within(1e-12));
    }

    @Test
    void theConstantOneStays() {
        assertThat(Annealing.constant(0.9).at(0)).isEqualTo(0.9);
        assertThat(Annealing.constant(0.9).at(1000)).isEqualTo(0.9);
    }

    @Test
    void messagesSayWhatMustHold() {
        assertThatThrownBy(() -> new Annealing(Annealing.Curve.COSINE, 1, 0, 10))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Annealing: start and end must be > 0, got 1.0 and 0.0");
        assertThatThrownBy(() -> new Annealing(Annealing.Curve.COSINE, 1, 1, 0))
                .hasMessage("Annealing: steps must be >= 1, got 0");
    }
}
