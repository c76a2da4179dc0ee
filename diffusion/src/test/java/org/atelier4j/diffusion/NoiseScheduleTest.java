package org.atelier4j.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class NoiseScheduleTest {
    private static final NoiseSchedule LINEAR = NoiseSchedule.linear(1000);
    private static final NoiseSchedule COSINE = NoiseSchedule.cosine(1000);
    private static final NoiseSchedule SIGMOID = NoiseSchedule.sigmoid(1000);

    /** The expected products were computed with 40 decimal digits. */
    @Test
    void linearIsThePapersAtBothEndsAndInTheMiddle() {
        assertThat(LINEAR.beta(0)).isEqualTo(1e-4);
        assertThat(LINEAR.beta(499)).isCloseTo(0.01004004004004004, within(1e-16));
        assertThat(LINEAR.beta(999)).isCloseTo(0.02, within(1e-17));
        assertThat(LINEAR.alphasCumprod(0)).isCloseTo(0.9999, within(1e-15));
        assertThat(LINEAR.alphasCumprod(499)).isCloseTo(0.0785872428817782373, within(1e-14));
        assertThat(LINEAR.alphasCumprod(999)).isCloseTo(4.03582976537568331e-5, within(1e-17));
    }

    @Test
    void linearOfAnotherLengthLeavesAboutAsMuchOfTheData() {
        NoiseSchedule shorter = NoiseSchedule.linear(250);

        assertThat(shorter.beta(0)).isCloseTo(4e-4, within(1e-18));
        assertThat(shorter.beta(249)).isCloseTo(0.08, within(1e-16));
        assertThat(Math.log(shorter.alphasCumprod(249))).isCloseTo(Math.log(LINEAR.alphasCumprod(999)), within(0.4));
    }

    /** ᾱ_t = cos²(((t+1)/T + s)/(1 + s) π/2)/cos²(s/(1 + s) π/2), the last step limited by β ≤ 0.999. */
    @Test
    void cosineIsThePapersAtBothEndsAndInTheMiddle() {
        assertThat(COSINE.alphasCumprod(0)).isCloseTo(0.999958715775178, within(1e-14));
        assertThat(COSINE.alphasCumprod(499)).isCloseTo(0.49384359044063775, within(1e-13));
        assertThat(COSINE.alphasCumprod(998)).isCloseTo(2.428766907034851e-06, within(1e-18));
        assertThat(COSINE.beta(999)).isEqualTo(0.999);
        assertThat(COSINE.alphasCumprod(999)).isCloseTo(2.428766907034853e-09, within(1e-20));
    }

    /** With the published ends −3 and 3 the curve is symmetric: half of the variance is left in the middle. */
    @Test
    void sigmoidIsThePapersAtBothEndsAndInTheMiddle() {
        assertThat(SIGMOID.alphasCumprod(0)).isCloseTo(0.9996997208002508, within(1e-14));
        assertThat(SIGMOID.alphasCumprod(499)).isCloseTo(0.5, within(1e-14));
        assertThat(SIGMOID.alphasCumprod(998)).isCloseTo(0.00030027919974932816, within(1e-15));
        assertThat(SIGMOID.alphasCumprod(999)).isEqualTo(1e-9);
    }

    @ParameterizedTest
    @EnumSource
    void everyScheduleFallsFromNearlyOneToNearlyZero(NoiseSchedule.Kind kind) {
        for (int steps : new int[] {25, 100, 1000, 4000}) {
            NoiseSchedule s = kind.of(steps);
            assertThat(s.alphasCumprodBefore(0)).isEqualTo(1);
            assertThat(s.alphasCumprod(0)).isBetween(0.98, 1.0);
            assertThat(s.alphasCumprod(steps - 1)).isBetween(0.0, 1e-3);
            for (int t = 0; t < steps; t++) {
                assertThat(s.alphasCumprod(t))
                        .isLessThan(s.alphasCumprodBefore(t))
                        .isPositive();
                assertThat(s.beta(t)).isBetween(0.0, 1.0);
                assertThat(s.alphasCumprod(t)).isCloseTo(s.alphasCumprodBefore(t) * (1 - s.beta(t)), within(1e-15));
            }
        }
    }

    @Test
    void ratiosFollowFromWhatIsLeft() {
        assertThat(SIGMOID.snr(499)).isCloseTo(1, within(1e-12));
        assertThat(SIGMOID.sigma(499)).isCloseTo(1, within(1e-12));
        assertThat(LINEAR.sigma(999)).isCloseTo(157.4077, within(1e-3));
    }

    @ParameterizedTest
    @EnumSource
    void rescalingLeavesNothingAtTheEndAndTheStartAsItWas(NoiseSchedule.Kind kind) {
        NoiseSchedule before = kind.of(1000);
        NoiseSchedule after = before.zeroTerminalSnr();

        assertThat(after.alphasCumprod(999)).isEqualTo(0.0);
        assertThat(after.snr(999)).isEqualTo(0.0);
        assertThat(after.beta(999)).isEqualTo(1.0);
        assertThat(after.alphasCumprod(0)).isEqualTo(before.alphasCumprod(0));
        double first = Math.sqrt(before.alphasCumprod(0));
        double last = Math.sqrt(before.alphasCumprod(999));
        double middle = (Math.sqrt(before.alphasCumprod(500)) - last) * first / (first - last);
        assertThat(after.alphasCumprod(500)).isCloseTo(middle * middle, within(1e-15));
        for (int t = 1; t < 1000; t++) {
            assertThat(after.alphasCumprod(t)).isLessThan(after.alphasCumprod(t - 1));
        }
    }

    @Test
    void spacingsVisitTheStepsOfTheirConvention() {
        assertThat(Spacing.LEADING.steps(1000, 10)).containsExactly(0, 100, 200, 300, 400, 500, 600, 700, 800, 900);
        assertThat(Spacing.LINSPACE.steps(1000, 10)).containsExactly(0, 111, 222, 333, 444, 555, 666, 777, 888, 999);
        assertThat(Spacing.TRAILING.steps(1000, 10)).containsExactly(99, 199, 299, 399, 499, 599, 699, 799, 899, 999);
        assertThat(Spacing.LEADING.steps(1000, 3)).containsExactly(0, 333, 666);
        assertThat(Spacing.TRAILING.steps(1000, 3)).containsExactly(332, 666, 999);
        assertThat(Spacing.LINSPACE.steps(1000, 1)).containsExactly(999);
    }

    @ParameterizedTest
    @EnumSource
    void spacingsAreRisingAndInsideForEveryCount(Spacing spacing) {
        for (int count = 1; count <= 60; count++) {
            int[] steps = spacing.steps(60, count);
            assertThat(steps).hasSize(count).isSorted().doesNotHaveDuplicates();
            assertThat(steps[0]).isNotNegative();
            assertThat(steps[count - 1]).isLessThan(60);
        }
        assertThat(spacing.steps(60, 60)).containsExactly(IntStream.range(0, 60).toArray());
    }

    @Test
    void aSpacedScheduleKeepsWhatIsLeftAndTellsTheOriginalStep() {
        NoiseSchedule spaced = LINEAR.spaced(Spacing.TRAILING, 10);

        assertThat(spaced.steps()).isEqualTo(10);
        assertThat(spaced.timestep(0)).isEqualTo(99);
        assertThat(spaced.alphasCumprod(3)).isEqualTo(LINEAR.alphasCumprod(399));
        assertThat(spaced.beta(3)).isCloseTo(1 - LINEAR.alphasCumprod(399) / LINEAR.alphasCumprod(299), within(1e-15));
        assertThat(spaced.beta(0)).isCloseTo(1 - LINEAR.alphasCumprod(99), within(1e-15));
    }

    @Test
    void spacingTwiceTellsTheStepsOfTheFirstSchedule() {
        NoiseSchedule twice = LINEAR.spaced(Spacing.TRAILING, 100).spaced(Spacing.TRAILING, 10);

        assertThat(twice.timestep(0)).isEqualTo(99);
        assertThat(twice.timestep(9)).isEqualTo(999);
        assertThat(twice.alphasCumprod(9)).isEqualTo(LINEAR.alphasCumprod(999));
    }

    @Test
    void tablesCannotBeChangedFromOutside() {
        LINEAR.betas()[0] = 5;
        LINEAR.alphasCumprod()[0] = 5;

        assertThat(LINEAR.beta(0)).isEqualTo(1e-4);
        assertThat(LINEAR.alphasCumprod(0)).isLessThan(1);
    }

    @Test
    void errorsNameTheNumbers() {
        assertThatThrownBy(() -> NoiseSchedule.linear(20))
                .hasMessage("NoiseSchedule.linear: steps must be >= 21, got 20");
        assertThatThrownBy(() -> NoiseSchedule.cosine(0)).hasMessage("NoiseSchedule.cosine: steps must be >= 1, got 0");
        assertThatThrownBy(() -> NoiseSchedule.sigmoid(10, 3, -3, 1))
                .hasMessage("NoiseSchedule.sigmoid: start < end and temperature > 0 must hold, got 3.0, -3.0 and 1.0");
        assertThatThrownBy(() -> NoiseSchedule.ofBetas(0.1, 1, 0.2))
                .hasMessage("NoiseSchedule: betas must lie in (0, 1), the last in (0, 1], got 1.0 at t = 1");
        assertThatThrownBy(() -> NoiseSchedule.ofAlphasCumprod(0.5, 0.6))
                .hasMessageContaining("betas must lie in (0, 1), the last in (0, 1], got -0.19")
                .hasMessageContaining("at t = 1");
        assertThatThrownBy(() -> LINEAR.spaced(Spacing.LEADING, 1001))
                .hasMessage("NoiseSchedule.spaced: count must lie in [1, 1000], got 1001");
        assertThatThrownBy(() -> LINEAR.spaced(5, 5))
                .hasMessage("NoiseSchedule.spaced: steps must rise within [0, 1000), got [5, 5]");
        assertThatThrownBy(() -> NoiseSchedule.ofBetas(0.5).zeroTerminalSnr())
                .hasMessage("NoiseSchedule.zeroTerminalSnr: steps must be > 1, got 1");
    }
}
