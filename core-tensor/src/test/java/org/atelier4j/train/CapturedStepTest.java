package org.atelier4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.atelier4j.nn.Linear;
import org.atelier4j.optim.Adam;
import org.atelier4j.optim.Ema;
import org.atelier4j.optim.GradientClip;
import org.atelier4j.optim.LearningRate;
import org.atelier4j.optim.Sgd;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.autograd.Gradients;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.device.DeviceScope;
import org.atelier4j.tensor.device.cuda.Emulator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A recorded training step gives the numbers of the same step run kernel by kernel, bit for bit. */
class CapturedStepTest {
    private Device card;
    private DeviceScope on;
    private TensorScope scope;

    @BeforeEach
    void open() {
        card = Emulator.device();
        on = DeviceScope.open(card);
        scope = TensorScope.open();
    }

    @AfterEach
    void close() {
        if (scope != null) {
            scope.close();
            on.close();
        }
    }

    /**
     * Two layers with an optimizer each, one of them clipped, an average that ramps up, a rate that falls, and random numbers
     * from a stream that goes on, from streams of the step's number and from one that is always the same.
     */
    private static final class Training implements TrainStep<Tensor> {
        private final Linear first = new Linear(6, 8, Rng.of(1));
        private final Linear second = new Linear(8, 3, Rng.of(2));
        private final Adam adam = new Adam(first.parameters(), Adam.Config.of(1).withRate(step -> 0.01 / (1 + step)));
        private final Sgd sgd = new Sgd(second.parameters(), Sgd.Config.resNet().withRate(LearningRate.constant(0.05)));
        private final Ema ema = new Ema(first, new Ema.Config(100, 0.5));
        private final Rng noise = Rng.of(3);
        private final Rng root = Rng.of(4);

        @Override
        public StepReport run(Tensor images, long step) {
            try (TensorScope inner = TensorScope.open()) {
                Rng rng = root.split("steps").split(step);
                Tensor x = images.add(noise.normal(Shape.of(5, 6)));
                Tensor kept = rng.split("mask").bernoulli(0.7, Shape.of(5, 8)).to(x.dtype());
                Tensor fixed = root.split("fixed").normal(Shape.of(5, 8));
                Tensor y = second.forward(first.forward(x).silu().mul(kept).add(fixed));
                Tensor choice = noise.gumbelSoftmax(y, 0.5).weights();
                Tensor loss = y.square().mean().add(choice.square().mean());
                Gradients gradients = loss.backward();
                Tensor norm = adam.step(gradients, new GradientClip(0.1));
                sgd.step(gradients);
                ema.update(5, 5 * step);
                return StepReport.of("loss", loss)
                        .with("norm", norm)
                        .with("rate", adam::lastLearningRate)
                        .with("one", 1);
            }
        }

        List<Float> parameters() {
            List<Float> all = new ArrayList<>();
            for (Map<String, Tensor> tensors : List.of(first.parameters(), second.parameters(), ema.state())) {
                for (Tensor p : tensors.values()) {
                    for (float v : p.toFloats()) {
                        all.add(v);
                    }
                }
            }
            return all;
        }
    }

    /** Batches are made on the host. */
    private static Tensor batch(long step) {
        try (DeviceScope host = DeviceScope.open(Device.cpu())) {
            return Rng.of(9).split(step).normal(Shape.of(5, 6));
        }
    }

    /** Runs steps {@code [from, to)}; reports are read at the end. */
    private static List<Map<String, Double>> train(TrainStep<Tensor> step, int from, int to) {
        List<StepReport> reports = new ArrayList<>();
        for (int i = from; i < to; i++) {
            reports.add(step.run(batch(i).to(Device.current()), i));
        }
        return reports.stream().map(StepReport::scalars).toList();
    }

    private static CapturedStep<Tensor> captured(TrainStep<Tensor> step) {
        return new CapturedStep<>(step, List::of, t -> t.get(0));
    }

    @Test
    void reportsAndParametersAreThoseOfTheStepRunKernelByKernel() {
        Training eager = new Training();
        List<Map<String, Double>> expected = train(eager, 3, 9);
        Training replayed = new Training();
        try (CapturedStep<Tensor> step = captured(replayed)) {
            assertThat(train(step, 3, 9)).isEqualTo(expected);
        }
        assertThat(expected).doesNotHaveDuplicates();
        assertThat(replayed.parameters()).isEqualTo(eager.parameters());
        assertThat(replayed.adam.steps()).isEqualTo(6);
        assertThat(replayed.noise.position()).isEqualTo(eager.noise.position());

        assertThat(train(replayed, 9, 11)).isEqualTo(train(eager, 9, 11)); // goes on without the recording
        assertThat(replayed.parameters()).isEqualTo(eager.parameters());
    }

    @Test
    void aCardThatIsBehindItsHostComputesTheSame() {
        List<Map<String, Double>> expected = train(new Training(), 0, 6);
        Emulator.late(() -> {
            assertThat(train(new Training(), 0, 6)).isEqualTo(expected);
            try (CapturedStep<Tensor> step = captured(new Training())) {
                assertThat(train(step, 0, 6)).isEqualTo(expected);
            }
        });
    }

    @Test
    void theHostLaunchesCopiesOfTheBatchAndOfReportedNumbersOnly() {
        try (CapturedStep<Tensor> step = captured(new Training())) {
            train(step, 0, 2);
            Tensor batch = batch(2).to(card);
            long before = Emulator.hostLaunches();
            step.run(batch, 2);
            assertThat(Emulator.hostLaunches() - before).isEqualTo(3);
        }
    }

    @Test
    void batchesOfTheHostAreCopied() {
        Training eager = new Training();
        train(eager, 0, 4);
        Training replayed = new Training();
        try (CapturedStep<Tensor> step = captured(replayed)) {
            for (int i = 0; i < 4; i++) {
                step.run(batch(i), i);
            }
        }
        assertThat(replayed.parameters()).isEqualTo(eager.parameters());
    }

    @Test
    void onTheHostItIsTheStep() {
        try (DeviceScope host = DeviceScope.open(Device.cpu())) {
            Training plain = new Training();
            Training wrapped = new Training();
            try (CapturedStep<Tensor> step = captured(wrapped)) {
                assertThat(train(step, 0, 3)).isEqualTo(train(plain, 0, 3));
            }
            assertThat(wrapped.parameters()).isEqualTo(plain.parameters());
        }
    }

    @Test
    void stepsMustBeNumberedInOrder() {
        try (CapturedStep<Tensor> step = captured(new Training())) {
            train(step, 4, 6);
            assertThatThrownBy(() -> step.run(batch(7), 7))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("CapturedStep: step 6 must follow step 5, got 7");
        }
    }

    @Test
    void aClosedOneIsRefused() {
        CapturedStep<Tensor> step = captured(new Training());
        train(step, 0, 2);
        step.close();
        assertThatThrownBy(() -> train(step, 2, 3))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("CapturedStep: must be open to be run, was closed");
    }

    @Test
    void batchesMustKeepTheirShape() {
        try (CapturedStep<Tensor> step = captured(new Training())) {
            train(step, 0, 2);
            assertThatThrownBy(() -> step.run(Tensor.zeros(4, 6), 2))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(
                            "CapturedStep: batches must have the shapes of the recorded one, [[5, 6]], got [[4, 6]]");
        }
    }

    @Test
    void readingResultsInsideIsRefused() {
        try (CapturedStep<Tensor> step =
                captured((x, number) -> StepReport.of("sum", x.sum().item()))) {
            train(step, 0, 1);
            assertThatThrownBy(() -> train(step, 1, 2))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("must not read results");
        }
    }

    @Test
    void aStreamThatDiffersByMoreThanTheStepsNumberIsRefused() {
        Rng root = Rng.of(5);
        try (CapturedStep<Tensor> step = captured((x, number) -> StepReport.of(
                "sum", root.split(number * number + 7).normal(x.shape()).sum()))) {
            train(step, 1, 2);
            assertThatThrownBy(() -> train(step, 2, 3))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageStartingWith(
                            "StepStreams: what differs between the streams of two runs must be the step's number, got keys ");
        }
    }

    @Test
    void streamsOfOneKeyThatGoOnDifferentlyCannotBeToldApart() {
        Rng one = Rng.of(3);
        Rng other = Rng.of(3);
        try (CapturedStep<Tensor> step = captured((x, number) -> StepReport.of(
                "sum", one.normal(x.shape()).add(other.normal(x.shape())).sum()))) {
            train(step, 0, 1);
            assertThatThrownBy(() -> train(step, 1, 2))
                    .hasMessage("StepStreams: different streams must have different keys, got 3 twice");
        }
    }
}
