package org.atelier4j.train;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class DivergenceStopTest {
    private final DivergenceStop listener = new DivergenceStop(() -> "out/run/checkpoint-40");
    private final TrainingProgress at = new TrainingProgress(41, 410, 1, TrainingLength.steps(100));

    @Test
    void finiteScalarsPass() {
        assertThatCode(() -> listener.stepped(at, StepReport.of("loss", 1e30).with("gradientNorm", -0.0)))
                .doesNotThrowAnyException();
    }

    @Test
    void theFirstBadScalarIsNamedWithStepAndCheckpoint() {
        StepReport report =
                StepReport.of("loss", 0.5).with("gradientNorm", Double.NaN).with("other", Double.POSITIVE_INFINITY);

        assertThatThrownBy(() -> listener.stepped(at, report))
                .isInstanceOf(DivergenceException.class)
                .hasMessage("training: every scalar must be finite, got gradientNorm = NaN at step 41;"
                        + " last checkpoint: out/run/checkpoint-40");
    }

    @Test
    void infinityIsBadToo() {
        assertThatThrownBy(() -> listener.stepped(at, StepReport.of("loss", Double.NEGATIVE_INFINITY)))
                .hasMessageContaining("loss = -Infinity");
    }
}
