package org.atelier4j.metrics.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.atelier4j.data.Augmentation;
import org.atelier4j.data.Dataset;
import org.atelier4j.data.Datasets;
import org.atelier4j.metrics.ClassAccuracy;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.train.StopSignal;
import org.atelier4j.train.TrainingLength;
import org.atelier4j.train.TrainingProgress;
import org.junit.jupiter.api.Test;

class ClassifierTrainingTest {
    private static final Datasets.Resolved TOY = Datasets.resolve("toy-shapes");

    private static ClassifierTraining training(double passes) {
        Dataset data = TOY.train();
        ClassifierNet.Config net = new ClassifierNet.Config(
                data.imageShape().dim(2), List.of(8, 16, 32), data.classNames().size(), false);
        var config = new ClassifierTraining.Config(net, passes, 50, 0.05, 5e-4, 0.1, new Augmentation(true, 1, 0));
        return new ClassifierTraining(config, data, Rng.of(7));
    }

    @Test
    void shapesAreLearned() {
        try (ClassifierTraining training = training(1.5)) {
            FrozenClassifier net = FrozenClassifier.of("toy", TOY.train().classNames(), training.run());
            assertThat(ClassAccuracy.of(net, TOY.test())).isGreaterThan(0.9);
        }
    }

    @Test
    void theSameSeedGivesTheSameNetworkBitForBit() {
        try (ClassifierTraining one = training(0.1);
                ClassifierTraining two = training(0.1)) {
            Map<String, Tensor> a = one.run().state();
            Map<String, Tensor> b = two.run().state();
            a.forEach((path, value) ->
                    assertThat(value.toFloats()).as(path).isEqualTo(b.get(path).toFloats()));
        }
    }

    @Test
    void aStoppedRunGoesOnAsIfItHadNotBeenStopped() {
        try (ClassifierTraining whole = training(0.2);
                ClassifierTraining first = training(0.2);
                ClassifierTraining second = training(0.2)) {
            Map<String, Tensor> expected = whole.run().state();

            TrainingLength half = TrainingLength.steps(whole.steps() / 2);
            TrainingProgress stopped = first.run(TrainingProgress.start(half), List.of(), new StopSignal());
            second.state().restore(first.state().tensors(), first.state().positions());
            TrainingLength length = TrainingLength.steps(whole.steps());
            var from = new TrainingProgress(stopped.step(), stopped.images(), stopped.seconds(), length);
            second.run(from, List.of(), new StopSignal());
            second.result()
                    .state()
                    .forEach((path, value) -> assertThat(value.toFloats())
                            .as(path)
                            .isEqualTo(expected.get(path).toFloats()));
        }
    }

    @Test
    void settingsAreChecked() {
        assertThatThrownBy(() -> training(0))
                .hasMessage("ClassifierTraining: passes, batch and learningRate must be > 0, got 0.0, 50 and 0.05");
    }

    @Test
    void colorImagesGetTheWiderNetwork() {
        assertThat(ClassifierTraining.Config.of(TOY.train()).net().channels())
                .isEqualTo(TOY.train().imageShape().dim(2));
        assertThat(ClassifierTraining.Config.of(TOY.train()).withPasses(2).steps(3000))
                .isEqualTo(47);
    }
}
