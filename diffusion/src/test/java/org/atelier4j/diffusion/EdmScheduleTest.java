package org.atelier4j.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class EdmScheduleTest {

    /** Equation 5 at N = 18, computed independently in double precision. */
    @Test
    void levelsAreThoseOfEquationFive() {
        EdmSchedule s = EdmSchedule.of(18);

        assertThat(s.sigma(0)).isEqualTo(80);
        assertThat(s.sigma(1)).isCloseTo(57.586, within(1e-3));
        assertThat(s.sigma(9)).isCloseTo(1.9233, within(1e-3));
        assertThat(s.sigma(17)).isCloseTo(0.002, within(1e-12));
        assertThat(s.sigma(18)).isEqualTo(0);
        for (int i = 0; i < 18; i++) {
            assertThat(s.sigma(i + 1)).isLessThan(s.sigma(i));
        }
    }

    @Test
    void rhoOneSpacesEvenly() {
        EdmSchedule s = new EdmSchedule(5, 1, 9, 1);

        assertThat(s.sigma(2)).isCloseTo(5, within(1e-12));
    }

    @Test
    void oneStepGoesFromTheHighestLevelToZero() {
        assertThat(EdmSchedule.of(1).sigma(0)).isEqualTo(80);
        assertThat(EdmSchedule.of(1).sigma(1)).isEqualTo(0);
    }

    @Test
    void levelsStayWithinWhatADiscreteNetworkHasSeen() {
        NoiseSchedule linear = NoiseSchedule.linear(1000);
        EdmSchedule s = EdmSchedule.within(linear, 10);

        assertThat(s.sigmaMin()).isEqualTo(linear.sigma(0));
        assertThat(s.sigmaMax()).isEqualTo(80);
        assertThat(EdmSchedule.within(NoiseSchedule.sigmoid(1000).spaced(0, 500), 10)
                        .sigmaMax())
                .isCloseTo(1, within(0.01));
    }

    @Test
    void errorsNameTheNumbers() {
        assertThatThrownBy(() -> EdmSchedule.of(0)).hasMessage("EdmSchedule: steps must be >= 1, got 0");
        assertThatThrownBy(() -> new EdmSchedule(4, 2, 1, 7))
                .hasMessage("EdmSchedule: 0 < sigmaMin <= sigmaMax and rho >= 1 must hold, got 2.0, 1.0 and 7.0");
        assertThatThrownBy(() -> EdmSchedule.of(4).sigma(5))
                .hasMessage("EdmSchedule.sigma: i must lie in [0, 4], got 5");
    }
}
