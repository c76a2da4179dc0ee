package org.atelier4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.atelier4j.nn.Linear;
import org.atelier4j.optim.Adam;
import org.atelier4j.optim.LearningRate;
import org.atelier4j.optim.Sgd;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.atelier4j.tensor.device.Device;
import org.atelier4j.tensor.device.DeviceScope;
import org.atelier4j.tensor.device.cuda.CudaDevice;
import org.atelier4j.tensor.device.cuda.Emulator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A recorded training step gives the numbers of the same step run kernel by kernel, bit for bit. */
class CapturedStepTest {
    private CudaDevice card;
    private DeviceScope on;
    private TensorScope scope;

    @BeforeEach
    void open() {
        card = (CudaDevice) Emulator.device();
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

    /** Two layers with an optimizer each, noise, a mask and a choice from streams that go on, a rate that falls. */
    private final class Training {
        private final Linear first = new Linear(6, 8, Rng.of(1));
        private final Linear second = new Linear(8, 3, Rng.of(2));
        private final Adam adam = new Adam(first.parameters(), Adam.Config.of(1).withRate(step -> 0.01 / (1 + step)));
        private final Sgd sgd = new Sgd(second.parameters(), Sgd.Config.resNet().withRate(LearningRate.constant(0.05)));
        private final Rng noise = Rng.of(3);
        private final Rng mask = Rng.of(4);
        private final Tensor images = Tensor.zeros(5, 6);
        private final Tensor loss = Tensor.zeros();
        private final List<Float> losses = new ArrayList<>();

        void step() {
            try (TensorScope inner = TensorScope.open()) {
                Tensor x = images.add(noise.normal(Shape.of(5, 6)));
                Tensor kept = mask.bernoulli(0.7, Shape.of(5, 8)).to(x.dtype());
                Tensor y = second.forward(first.forward(x).silu().mul(kept));
                Tensor choice = noise.gumbelSoftmax(y, 0.5).weights();
                Tensor l = y.square().mean().add(choice.square().mean());
                var gradients = l.backward();
                adam.step(gradients);
                sgd.step(gradients);
                loss.assign(l);
            }
        }

        void train(int steps, Runnable step) {
            for (int i = 0; i < steps; i++) {
                try (DeviceScope host = DeviceScope.open(Device.cpu())) {
                    images.assign(Rng.of(9).split(losses.size()).normal(Shape.of(5, 6)));
                }
                step.run();
                losses.add((float) loss.item());
            }
        }

        List<Float> numbers() {
            List<Float> all = new ArrayList<>(losses);
            for (Linear layer : List.of(first, second)) {
                for (Tensor p : layer.parameters().values()) {
                    for (float v : p.toFloats()) {
                        all.add(v);
                    }
                }
            }
            return all;
        }
    }

    @Test
    void lossesAndParametersAreThoseOfTheStepRunKernelByKernel() {
        Training eager = new Training();
        eager.train(5, eager::step);
        Training replayed = new Training();
        try (CapturedStep step = new CapturedStep(
                card, List.of(replayed.adam, replayed.sgd), List.of(replayed.noise, replayed.mask), replayed::step)) {
            replayed.train(3, step::run);
            replayed.train(2, () -> {
                long launches = Emulator.hostLaunches();
                step.run();
                assertThat(Emulator.hostLaunches()).as("launches by the host").isEqualTo(launches);
            });
        }
        assertThat(replayed.losses).doesNotHaveDuplicates();
        assertThat(replayed.numbers()).isEqualTo(eager.numbers());
        assertThat(replayed.adam.steps()).isEqualTo(5);
        assertThat(replayed.noise.position()).isEqualTo(eager.noise.position());

        eager.train(1, eager::step);
        replayed.train(1, replayed::step); // goes on without the recording
        assertThat(replayed.numbers()).isEqualTo(eager.numbers());
    }

    @Test
    void anOptimizerThatIsNotListedIsMissedAtTheFirstReplay() {
        Training training = new Training();
        try (CapturedStep step = new CapturedStep(
                card, List.of(training.adam), List.of(training.noise, training.mask), training::step)) {
            step.run();
            step.run();
            assertThatThrownBy(step::run)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("CapturedStep: the list must name all 2 optimizers of the step, got 1");
        }
    }

    @Test
    void aStreamThatIsNotListedIsMissedAtTheFirstReplay() {
        Training training = new Training();
        try (CapturedStep step =
                new CapturedStep(card, List.of(training.adam, training.sgd), List.of(training.noise), training::step)) {
            step.run();
            step.run();
            assertThatThrownBy(step::run)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage(
                            "CapturedStep: the list must name every stream that the step draws from, got a draw of key "
                                    + training.mask.key());
        }
    }

    @Test
    void streamsOfOneKeyCannotBeToldApart() {
        assertThatThrownBy(() -> new CapturedStep(card, List.of(), List.of(Rng.of(3), Rng.of(3)), () -> {}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("CapturedStep: streams must have different keys, got [");
    }

    @Test
    void anOptimizerWithoutParametersToStepIsMissedAtTheFirstReplay() {
        Training training = new Training();
        training.second.setFrozen(true);
        try (CapturedStep step = new CapturedStep(
                card, List.of(training.adam, training.sgd), List.of(training.noise, training.mask), training::step)) {
            step.run();
            step.run();
            assertThatThrownBy(step::run)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("CapturedStep: each of the 2 optimizers of the list must have parameters to step, got 1"
                            + " that have");
        }
    }

    @Test
    void anOptimizerThatIsNotSteppedIsRefused() {
        Training training = new Training();
        Sgd idle = new Sgd(new Linear(2, 2, Rng.of(5)).parameters(), Sgd.Config.plain(0.1));
        try (CapturedStep step = new CapturedStep(
                card, List.of(training.adam, training.sgd, idle), List.of(training.noise), training::step)) {
            step.run();
            assertThatThrownBy(step::run)
                    .hasMessage("CapturedStep: the step must step every optimizer of the list once, got 0 steps of"
                            + " number 2");
        }
    }
}
