package org.atelier4j.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.atelier4j.data.Batch;
import org.atelier4j.nn.Embedding;
import org.atelier4j.nn.Layer;
import org.atelier4j.nn.Linear;
import org.atelier4j.optim.AdamW;
import org.atelier4j.optim.Ema;
import org.atelier4j.optim.GradientClip;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.train.StepReport;
import org.junit.jupiter.api.Test;

class DiffusionStepTest {
    private static final DiffusionLoss LOSS =
            new DenoisingLoss(new GaussianDiffusion(NoiseSchedule.cosine(1000), Prediction.V));

    /** The smallest conditional network: a linear map of the pixels and a vector for each label. */
    private static final class Tiny extends Layer {
        private final Linear linear;
        private final Embedding classes;
        private final List<int[]> seen = new ArrayList<>();

        Tiny() {
            linear = child("linear", new Linear(4, 4, Rng.of(1)));
            classes = child("classes", new Embedding(4, 4, Rng.of(2)));
        }

        Tensor forward(Tensor x, Tensor time, Condition condition) {
            seen.add(condition.labels().toInts());
            Tensor y = linear.forward(x.reshape(-1, 4)).add(classes.forward(condition.labels()));
            return y.reshape(x.shape());
        }
    }

    private static final class Run {
        private final Tiny model = new Tiny();
        private final AdamW optimizer = new AdamW(model.parameters(), AdamW.Config.of(1e-2));
        private final Ema ema = new Ema(model, Ema.Config.of(100));
        private final DiffusionStep step;

        Run(DiffusionStep.Settings settings) {
            step = new DiffusionStep(model::forward, LOSS, optimizer, ema, settings);
        }
    }

    private static Batch batch(long step) {
        Tensor images = Rng.of(7).split(step).normal(Shape.of(16, 2, 2, 1)).clamp(-1, 1);
        int[] labels = new int[16];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = i % 3;
        }
        return new Batch(images, Tensor.of(labels, 16));
    }

    @Test
    void aStepReportsItsNumbersAndMovesWeightsAndAverage() {
        Run run = new Run(DiffusionStep.Settings.classes(3, Rng.of(5)));
        Tensor before = Tensor.of(run.model.linear.weight().toFloats(), 4, 4);

        StepReport report = run.step.run(batch(0), 0);

        assertThat(report.scalars().keySet()).containsExactly("loss", "gradientNorm", "learningRate");
        assertThat(report.scalars().get("loss")).isBetween(0.1, 10.0);
        assertThat(report.scalars().get("learningRate")).isEqualTo(1e-2);
        double moved =
                run.model.linear.weight().detach().sub(before).abs().max().item();
        double followed =
                run.ema.state().get("linear.weight").sub(before).abs().max().item();
        assertThat(moved).isCloseTo(1e-2, within(2e-3)); // Adam's first step has the size of the rate
        assertThat(followed).isCloseTo(moved * (1 - Math.pow(0.5, 16.0 / 100)), within(1e-4));
    }

    @Test
    void trainingLowersTheLoss() {
        Run run = new Run(DiffusionStep.Settings.classes(3, Rng.of(5)));
        double first = 0;
        double last = 0;
        for (int i = 0; i < 300; i++) {
            double loss = run.step.run(batch(i), i).scalars().get("loss");
            first += i < 30 ? loss / 30 : 0;
            last += i >= 270 ? loss / 30 : 0;
        }

        assertThat(last).isLessThan(0.8 * first);
    }

    @Test
    void aboutTheGivenShareOfLabelsIsDropped() {
        Run run = new Run(DiffusionStep.Settings.classes(3, Rng.of(5)));
        for (int i = 0; i < 200; i++) {
            run.step.run(batch(i), i);
        }

        long dropped = run.model.seen.stream()
                .flatMapToInt(java.util.Arrays::stream)
                .filter(l -> l == 3)
                .count();
        assertThat(dropped / 3200.0).isCloseTo(0.1, within(0.02));
    }

    /** All randomness follows from the step's number, so a copy of the state is all that a resumed run needs. */
    @Test
    void aResumedRunEqualsTheUnbrokenOneToTheBit() {
        Run unbroken = new Run(DiffusionStep.Settings.classes(3, Rng.of(5)));
        Run resumed = new Run(DiffusionStep.Settings.classes(3, Rng.of(5)));
        double loss = 0;
        for (int i = 0; i < 10; i++) {
            loss = unbroken.step.run(batch(i), i).scalars().get("loss");
            if (i == 5) {
                resumed.model.load(copies(unbroken.model.state()));
                resumed.optimizer.load(copies(unbroken.optimizer.state()));
                resumed.ema.load(copies(unbroken.ema.state()));
            }
        }
        double resumedLoss = 0;
        for (int i = 6; i < 10; i++) {
            resumedLoss = resumed.step.run(batch(i), i).scalars().get("loss");
        }

        assertThat(resumedLoss).isEqualTo(loss);
        unbroken.model
                .parameters()
                .forEach((path, p) -> TensorAssert.assertThat(
                                resumed.model.parameters().get(path).detach())
                        .isIdenticalTo(p.detach()));
        unbroken.ema
                .state()
                .forEach((path, p) ->
                        TensorAssert.assertThat(resumed.ema.state().get(path)).isIdenticalTo(p));
    }

    @Test
    void gradientsAreClipped() {
        GradientClip tight = new GradientClip(1e-3);
        Run run = new Run(new DiffusionStep.Settings(Condition.labels(3), 0, tight, Rng.of(5)));

        double norm = run.step.run(batch(0), 0).scalars().get("gradientNorm");

        assertThat(norm).isGreaterThan(1e-2); // before clipping
        double first = run.optimizer.state().get("exp_avg.linear.weight").norm().item();
        assertThat(first).isLessThanOrEqualTo(0.1 * 1e-3 * 1.001); // (1 − β₁) of a clipped gradient
    }

    @Test
    void errorsNameTheNumber() {
        assertThatThrownBy(() -> new DiffusionStep.Settings(Condition.none(), 1.5, GradientClip.NONE, Rng.of(1)))
                .hasMessage("DiffusionStep: dropout must lie in [0, 1], got 1.5");
    }

    private static Map<String, Tensor> copies(Map<String, Tensor> state) {
        Map<String, Tensor> all = new LinkedHashMap<>();
        state.forEach((path, t) -> {
            Tensor copy = Tensor.empty(t.shape(), t.dtype(), t.device());
            copy.assign(t);
            all.put(path, copy);
        });
        return all;
    }
}
