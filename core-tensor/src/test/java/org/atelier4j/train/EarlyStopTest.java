package org.atelier4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class EarlyStopTest {
    private final StopSignal stop = new StopSignal();

    private TrainingProgress run(double smoothing, double... losses) {
        TrainStep<Integer> step = (batch, at) -> StepReport.of("loss", losses[(int) at]);
        return new TrainingLoop<>(() -> 1, b -> b, step, List.of(new EarlyStop("loss", 3, smoothing, stop)), stop)
                .run(TrainingProgress.start(TrainingLength.steps(losses.length)));
    }

    @Test
    void stopsWhenTheMinimumIsAsOldAsThePatience() {
        TrainingProgress end = run(0, 5, 4, 4.5, 4.2, 4.1, 3, 2);

        assertThat(end.step()).isEqualTo(5);
        assertThat(stop.reason()).isEqualTo("loss has not improved since step 2");
    }

    @Test
    void aFallingLossRunsToTheEnd() {
        assertThat(run(0, 5, 6, 4, 6, 3, 6, 2).step()).isEqualTo(7);
        assertThat(stop.isRequested()).isFalse();
    }

    @Test
    void smoothingLooksThroughNoise() {
        double[] noisy = {10, 1, 9, 8, 8, 7, 7, 6, 6, 5}; // the raw minimum comes at step 2

        assertThat(run(0.9, noisy).step()).isEqualTo(noisy.length);
        assertThat(run(0, noisy).step()).isEqualTo(5);
    }

    @Test
    void aScalarThatIsNotReportedIsRefused() {
        assertThatThrownBy(() -> new EarlyStop("fid", 3, 0, stop)
                        .stepped(TrainingProgress.start(TrainingLength.steps(1)), StepReport.of("loss", 1)))
                .hasMessage("EarlyStop: the step must report fid, got [loss]");
    }
}
