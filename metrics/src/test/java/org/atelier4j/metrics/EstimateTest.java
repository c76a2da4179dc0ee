package org.atelier4j.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class EstimateTest {

    @Test
    void deviationDividesByNAndTheStandardErrorByNMinusOne() {
        Estimate e = Estimate.of(new double[] {1, 2, 3, 6});

        assertThat(e.mean()).isEqualTo(3);
        assertThat(e.deviation()).isCloseTo(Math.sqrt(14 / 4.0), within(1e-15));
        assertThat(e.standardError()).isCloseTo(Math.sqrt(14 / 3.0 / 4), within(1e-15));
        assertThat(e).hasToString("3.0000 ± 1.8708");
    }

    @Test
    void oneMeasurementHasNoStandardError() {
        Estimate e = Estimate.of(new double[] {5});

        assertThat(e.deviation()).isZero();
        assertThat(e.standardError()).isNaN();
    }

    @Test
    void noMeasurementIsRefused() {
        assertThatThrownBy(() -> Estimate.of(new double[0]))
                .hasMessage("Estimate: at least one value must be given, got none");
    }
}
