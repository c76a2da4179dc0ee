package org.atelier4j.autoregressive.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;

class MaskScheduleTest {

    @Test
    void theShareIsTheCosine() {
        assertThat(MaskSchedule.share(0)).isEqualTo(1);
        assertThat(MaskSchedule.share(0.5)).isCloseTo(Math.sqrt(0.5), within(1e-15));
        assertThat(MaskSchedule.share(1.0 / 3)).isCloseTo(Math.sqrt(3) / 2, within(1e-15));
        assertThat(MaskSchedule.share(1)).isCloseTo(0, within(1e-15));
    }

    /** ⌊49·cos(πt/16)⌋ for t = 0 … 8, by hand. */
    @Test
    void eightRoundsOfFortyNineCodes() {
        int[] remaining = {49, 48, 45, 40, 34, 27, 18, 9, 0};
        for (int t = 0; t <= 8; t++) {
            assertThat(MaskSchedule.remaining(49, t, 8)).isEqualTo(remaining[t]);
        }
    }

    @Test
    void everyRoundSettlesAtLeastOneCodeAndTheLastSettlesAll() {
        for (int open = 1; open <= 60; open++) {
            for (int steps = 1; steps <= Math.min(open, 20); steps++) {
                assertThat(MaskSchedule.remaining(open, 0, steps)).isEqualTo(open);
                assertThat(MaskSchedule.remaining(open, steps, steps)).isZero();
                for (int t = 1; t <= steps; t++) {
                    assertThat(MaskSchedule.remaining(open, t, steps))
                            .as("%d open, round %d of %d", open, t, steps)
                            .isLessThan(MaskSchedule.remaining(open, t - 1, steps));
                }
            }
        }
    }

    @Test
    void trainingMasksOneCodeToAll() {
        Tensor ratios = Tensor.of(new double[] {0, 0.5, 0.9999}, 3);
        assertThat(MaskSchedule.trained(49, ratios).toInts()).containsExactly(49, 35, 1); // ⌈34.65⌉
    }

    @Test
    void errorsNameTheNumbers() {
        assertThatThrownBy(() -> MaskSchedule.remaining(4, 1, 5))
                .hasMessage("MaskSchedule: 0 <= done <= steps <= open must hold, got 1, 5 and 4");
    }
}
