package org.atelier4j.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class LearningRateTest {

    @Test
    void constantIsConstant() {
        LearningRate rate = LearningRate.constant(0.3);
        assertThat(rate.at(0)).isEqualTo(0.3);
        assertThat(rate.at(1_000_000_000_000L)).isEqualTo(0.3);
    }

    @Test
    void cosineFallsFromHighOverTheMiddleToLowAndStays() {
        LearningRate rate = LearningRate.cosine(1.0, 0.2, 100);
        close(rate.at(0), 1);
        close(rate.at(25), 0.6 + 0.4 * Math.sqrt(0.5));
        close(rate.at(50), 0.6);
        close(rate.at(100), 0.2);
        close(rate.at(1000), 0.2);
        for (int i = 0; i < 100; i++) {
            assertThat(rate.at(i + 1)).isLessThan(rate.at(i));
        }
    }

    @Test
    void linearIsALine() {
        LearningRate rate = LearningRate.linear(1, 0, 4);
        close(rate.at(0), 1);
        close(rate.at(1), 0.75);
        close(rate.at(4), 0);
        close(rate.at(9), 0);
    }

    @Test
    void steppedMultipliesAtEachStep() {
        LearningRate rate = LearningRate.stepped(0.1, 0.5, 10);
        close(rate.at(9), 0.1);
        close(rate.at(10), 0.05);
        close(rate.at(35), 0.1 / 8);
    }

    @Test
    void inverseSquareRootHalvesWhenStepsQuadruple() {
        LearningRate rate = LearningRate.inverseSquareRoot(0.4, 100);
        close(rate.at(0), 0.4);
        close(rate.at(99), 0.4);
        close(rate.at(399), 0.2);
        close(rate.at(1599), 0.1);
    }

    /** Vaswani et al. 2017, eq. 3: width^−½ · min(step^−½, step · warmup^−1.5), step counted from 1. */
    @Test
    void warmUpAndInverseSquareRootMakeTheTransformersSchedule() {
        int warmUp = 40;
        LearningRate rate = LearningRate.inverseSquareRoot(1 / Math.sqrt(512 * warmUp), warmUp)
                .warmUp(warmUp);
        for (int step = 1; step < 500; step++) {
            double expected = Math.min(1 / Math.sqrt(step), step * Math.pow(warmUp, -1.5)) / Math.sqrt(512);
            close(rate.at(step - 1), expected);
        }
    }

    @Test
    void warmUpRisesFromTheFirstUpdateOn() {
        LearningRate rate = LearningRate.constant(2).warmUp(4);
        close(rate.at(0), 0.5);
        close(rate.at(2), 1.5);
        close(rate.at(3), 2);
        close(rate.at(50), 2);
    }

    @Test
    void combinatorsCombine() {
        LearningRate rate =
                LearningRate.constant(1).then(10, LearningRate.linear(3, 0, 3)).times(0.5);
        close(rate.at(9), 0.5);
        close(rate.at(10), 1.5);
        close(rate.at(12), 0.5);
        close(rate.at(13), 0);
        assertThat(rate)
                .hasToString("Times[rate=Then[first=Constant[rate=1.0], steps=10, "
                        + "next=Linear[high=3.0, low=0.0, steps=3]], factor=0.5]");
    }

    @Test
    void badSettingsAreNamed() {
        says(() -> LearningRate.constant(-1), "LearningRate: rate must be >= 0, got -1.0");
        says(() -> LearningRate.cosine(1, 0, 0), "LearningRate.cosine: steps must be >= 1, got 0");
        says(() -> LearningRate.constant(1).warmUp(0), "LearningRate.warmUp: steps must be >= 1, got 0");
    }

    private static void close(double actual, double expected) {
        assertThat(actual).isCloseTo(expected, within(1e-12));
    }

    private static void says(org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String message) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
    }
}
