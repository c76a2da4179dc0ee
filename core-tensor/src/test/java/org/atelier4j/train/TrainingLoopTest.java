package org.atelier4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;

class TrainingLoopTest {
    private final List<String> calls = new ArrayList<>();
    private final StopSignal stop = new StopSignal();

    /** Notes each call under a name. */
    private StepListener recorder(String name) {
        return new StepListener() {
            @Override
            public void started(TrainingProgress progress) {
                calls.add(name + " started at " + progress.step());
            }

            @Override
            public void stepped(TrainingProgress progress, StepReport report) {
                calls.add(name + " " + progress.step() + "/" + progress.images() + " " + report.scalars());
            }

            @Override
            public void finished(TrainingProgress progress) {
                calls.add(name + " finished at " + progress.step());
            }

            @Override
            public void close() {
                calls.add(name + " closed");
            }
        };
    }

    /** A loop over batches of the sizes 3, 4, 5, … whose report is the step number it was given. */
    private TrainingLoop<Integer> loop(StepListener... listeners) {
        int[] next = {3};
        return new TrainingLoop<>(
                () -> next[0]++, b -> b, (b, step) -> StepReport.of("at", step), List.of(listeners), stop);
    }

    @Test
    void callsListenersInOrderAndCountsStepsAndImages() {
        TrainingProgress end = loop(recorder("a"), recorder("b")).run(TrainingProgress.start(TrainingLength.steps(2)));

        assertThat(calls)
                .containsExactly(
                        "a started at 0",
                        "b started at 0",
                        "a 1/3 {at=0.0}",
                        "b 1/3 {at=0.0}",
                        "a 2/7 {at=1.0}",
                        "b 2/7 {at=1.0}",
                        "a finished at 2",
                        "b finished at 2",
                        "a closed",
                        "b closed");
        assertThat(end.step()).isEqualTo(2);
        assertThat(end.images()).isEqualTo(7);
        assertThat(end.isComplete()).isTrue();
    }

    @Test
    void aLengthInImagesEndsWithTheStepThatReachesIt() {
        TrainingProgress end = loop().run(TrainingProgress.start(TrainingLength.images(8)));

        assertThat(end.images()).isEqualTo(12); // 3 + 4 + 5
        assertThat(end.step()).isEqualTo(3);
    }

    @Test
    void aResumedRunGoesOnCountingAndStopsAtTheSameEnd() {
        TrainingProgress end = loop(recorder("a")).run(new TrainingProgress(5, 100, 1.5, TrainingLength.steps(6)));

        assertThat(calls).contains("a started at 5", "a 6/103 {at=5.0}", "a finished at 6");
        assertThat(end.seconds()).isGreaterThan(1.5);
    }

    @Test
    void aCompleteRunMakesNoStep() {
        loop(recorder("a")).run(new TrainingProgress(6, 100, 1.5, TrainingLength.steps(6)));

        assertThat(calls).containsExactly("a started at 6", "a finished at 6", "a closed");
    }

    @Test
    void aStopSignalEndsTheRunAfterTheCurrentStep() {
        StepListener interrupt = (progress, report) -> {
            if (progress.step() == 2) {
                stop.request("test");
                stop.request("a later reason");
            }
        };

        TrainingProgress end = loop(interrupt, recorder("a")).run(TrainingProgress.start(TrainingLength.steps(9)));

        assertThat(end.step()).isEqualTo(2);
        assertThat(end.isComplete()).isFalse();
        assertThat(calls).endsWith("a 2/7 {at=1.0}", "a finished at 2", "a closed");
        assertThat(stop.reason()).isEqualTo("test");
    }

    @Test
    void aFailureSkipsFinishedButClosesEveryListener() {
        StepListener failing = (progress, report) -> {
            throw new IllegalStateException("disk full");
        };
        StepListener failingClose = new StepListener() {
            @Override
            public void stepped(TrainingProgress progress, StepReport report) {}

            @Override
            public void close() {
                throw new IllegalStateException("close failed");
            }
        };

        assertThatThrownBy(() ->
                        loop(failingClose, failing, recorder("a")).run(TrainingProgress.start(TrainingLength.steps(2))))
                .hasMessage("disk full")
                .satisfies(e -> assertThat(e.getSuppressed()[0]).hasMessage("close failed"));
        assertThat(calls).containsExactly("a started at 0", "a closed");
    }

    @Test
    void whatAStepMakesIsReleasedAfterTheListenersSawIt() {
        List<Tensor> made = new ArrayList<>();
        StepListener reader = (progress, report) ->
                assertThat(made.get(made.size() - 1).toFloats()).containsExactly(1, 2);
        TrainStep<Tensor> step = (batch, at) -> {
            made.add(batch);
            return StepReport.of("loss", 0);
        };

        new TrainingLoop<>(() -> Tensor.of(new float[] {1, 2}), b -> 1, step, List.of(reader), stop)
                .run(TrainingProgress.start(TrainingLength.steps(3)));

        assertThat(made).hasSize(3).allMatch(t -> t.storage().isReleased());
    }

    @Test
    void aNegativeLengthIsRefused() {
        assertThatThrownBy(() -> TrainingLength.steps(-1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("TrainingLength: amount must be >= 0, got -1");
    }

    @Test
    void fractionFollowsTheUnit() {
        assertThat(TrainingLength.images(200).fraction(1, 50)).isEqualTo(0.25);
        assertThat(TrainingLength.steps(4).fraction(1, 50)).isEqualTo(0.25);
        assertThat(TrainingLength.steps(4).fraction(9, 50)).isEqualTo(1);
        assertThat(TrainingLength.steps(0).fraction(0, 0)).isEqualTo(1);
        assertThat(TrainingLength.images(200)).hasToString("200 images");
    }
}
