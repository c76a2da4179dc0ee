package org.atelier4j.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import org.atelier4j.data.Dataset;
import org.atelier4j.data.Datasets;
import org.atelier4j.metrics.net.ClassifierNet;
import org.atelier4j.metrics.net.FrozenClassifier;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;

class TrainOnSyntheticTest {
    private static final Datasets.Resolved TOY = Datasets.resolve("toy-shapes");
    private static final TrainOnSynthetic QUICK = new TrainOnSynthetic(List.of(8, 16, 32), 0.6); // 6,000 images seen

    @Test
    void realImagesTeachAndShuffledLabelsDoNot() {
        double accuracy = QUICK.accuracy(TOY.train(), TOY.test(), Rng.of(1));
        Confusion chance = QUICK.nullTest(TOY.train(), TOY.test(), Rng.of(1));

        assertThat(accuracy).isGreaterThan(0.9);
        assertThat(chance.accuracy()).isCloseTo(chance.chance(), within(3 * chance.chanceDeviation()));
        assertThat(chance.chanceDeviation()).isLessThan(accuracy / 4); // or three of them would prove nothing
    }

    @Test
    void imagesOfOneClassOnlyTeachOneClass() {
        Dataset all = TOY.train();
        int[] first = Arrays.stream(indices(all.size()))
                .filter(i -> all.label(i) == 0)
                .toArray();
        long ofFirst = Arrays.stream(indices(TOY.test().size()))
                .filter(i -> TOY.test().label(i) == 0)
                .count();

        double accuracy = new TrainOnSynthetic(List.of(4, 8), 0.1).accuracy(all.select(first), TOY.test(), Rng.of(1));

        assertThat(accuracy).isEqualTo((double) ofFirst / TOY.test().size());
    }

    @Test
    void shufflingMovesLabelsAndKeepsTheirNumbers() {
        Dataset shuffled = ShuffledLabels.of(TOY.test(), Rng.of(3));
        int[] before =
                Arrays.stream(indices(shuffled.size())).map(TOY.test()::label).toArray();
        int[] after =
                Arrays.stream(indices(shuffled.size())).map(shuffled::label).toArray();

        assertThat(after).isNotEqualTo(before);
        assertThat(Arrays.stream(after).sorted().toArray())
                .isEqualTo(Arrays.stream(before).sorted().toArray());
        assertThat(shuffled.image(5)).isEqualTo(TOY.test().image(5));
    }

    @Test
    void accuracyOfFeaturesIsThatOfImages() {
        int classes = TOY.test().classNames().size();
        ClassifierNet net = new ClassifierNet(
                new ClassifierNet.Config(TOY.test().imageShape().dim(2), List.of(4, 8), classes, true), Rng.of(1));
        FrozenClassifier classifier = FrozenClassifier.of("random", TOY.test().classNames(), net);
        FeatureBank bank = FeatureReader.of(classifier)
                .bank(TOY.test().images(), TOY.test().size());
        int[] labels =
                Arrays.stream(indices(TOY.test().size())).map(TOY.test()::label).toArray();

        assertThat(ClassAccuracy.confusion(classifier, bank, labels).accuracy())
                .isEqualTo(ClassAccuracy.of(classifier, TOY.test()));
        assertThatThrownBy(() -> ClassAccuracy.confusion(classifier, bank, new int[3]))
                .hasMessage(
                        "ClassAccuracy: there must be one label for each of the 600 images and at least one, got 3");
    }

    @Test
    void pixelsAreTheirOwnFeatures() {
        RawPixels pixels = new RawPixels(Shape.of(2, 3, 1));
        Tensor images = Rng.of(1).uniform(Shape.of(4, 2, 3, 1));

        assertThat(pixels.features(images).toFloats()).isEqualTo(images.toFloats());
        assertThat(pixels.width()).isEqualTo(6);
        assertThatThrownBy(() -> pixels.features(Tensor.zeros(4, 3, 2, 1)))
                .hasMessageContaining("with (H, W, C) = [2, 3, 1], got [4, 3, 2, 1]");
    }

    @Test
    void otherShapesAndTooFewImagesAreRefused() {
        Dataset gray = Dataset.of(TOY.test().classNames(), Shape.of(4, 4, 1), new byte[16], new int[1]);
        assertThatThrownBy(() -> QUICK.accuracy(gray, TOY.test(), Rng.of(1)))
                .hasMessageContaining("images must have one shape, got [4, 4, 1]");
        assertThatThrownBy(() -> QUICK.accuracy(TOY.test().select(new int[] {1, 2}), TOY.test(), Rng.of(1)))
                .hasMessage("TrainOnSynthetic: at least 64 synthetic images are needed, got 2");
    }

    private static int[] indices(int n) {
        int[] all = new int[n];
        Arrays.setAll(all, i -> i);
        return all;
    }
}
