package org.atelier4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.atelier4j.train.StepReport;
import org.atelier4j.train.StopSignal;
import org.atelier4j.train.TrainStep;
import org.atelier4j.train.TrainingLength;
import org.atelier4j.train.TrainingLoop;
import org.atelier4j.train.TrainingProgress;
import org.junit.jupiter.api.Test;

class ProgressDisplayTest {
    private final StringWriter printed = new StringWriter();

    private List<String> lines(double secondsBetween, int steps) {
        TrainStep<Integer> step = (batch, at) -> StepReport.of("loss", 0.25);
        var display = new ProgressDisplay(new PrintWriter(printed), false, secondsBetween);
        new TrainingLoop<>(() -> 64, b -> b, step, List.of(display), new StopSignal())
                .run(TrainingProgress.start(TrainingLength.steps(steps)));
        return printed.toString().lines().toList();
    }

    @Test
    void withoutATerminalALineTellsHowFarHowGoodHowFastAndHowLong() {
        List<String> lines = lines(0, 4);

        assertThat(lines).hasSize(4);
        assertThat(lines.get(1)).matches(" +50 % +step 2 +loss 0\\.2500 +\\d+ images/s +0:\\d\\d left");
    }

    @Test
    void linesComeNoFasterThanAskedFor() {
        assertThat(lines(3600, 1000)).isEmpty();
    }

    @Test
    void durationsReadLikeAClock() {
        assertThat(ProgressDisplay.clock(0)).isEqualTo("0:00");
        assertThat(ProgressDisplay.clock(125.4)).isEqualTo("2:05");
        assertThat(ProgressDisplay.clock(3725)).isEqualTo("1:02:05");
    }
}
