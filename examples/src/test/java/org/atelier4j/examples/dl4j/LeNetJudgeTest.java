package org.atelier4j.examples.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import org.atelier4j.data.Dataset;
import org.atelier4j.data.Datasets;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;

class LeNetJudgeTest {
    private static final Datasets.Resolved TOY = Datasets.resolve("toy-shapes");

    @Test
    void imagesGoToDeepLearning4jAndBackUnchanged() {
        Dataset images = TOY.test().select(new int[] {4, 8, 15, 16, 23});
        Dataset back = IteratorDataset.read(new DatasetIterator(images, 2, Rng.of(1)), images.classNames());

        int[] order = Rng.of(1).split(0).permutation(5);
        assertThat(back.size()).isEqualTo(5);
        for (int i = 0; i < 5; i++) {
            assertThat(back.image(i)).isEqualTo(images.image(order[i]));
            assertThat(back.label(i)).isEqualTo(images.label(order[i]));
        }
    }

    @Test
    void channelsComeFirstAndWhiteIsOne() {
        byte[] pixels = {0, 51, (byte) 255, 102, 0, 0}; // two pixels of red, green, blue
        Dataset one = Dataset.of(List.of("a", "b"), Shape.of(1, 2, 3), pixels, new int[] {1});
        DataSet examples = new DatasetIterator(one, 8, Rng.of(1)).next();

        assertThat(examples.getFeatures().shape()).containsExactly(1, 3, 1, 2);
        assertThat(examples.getFeatures().reshape(6).toFloatVector()).containsExactly(0, 0.4f, 0.2f, 0, 1, 0);
        assertThat(examples.getLabels().toFloatVector()).containsExactly(0, 1);
    }

    @Test
    void everyPassShowsAllImagesInAnotherOrder() {
        DataSetIterator iterator = new DatasetIterator(TOY.test(), 250, Rng.of(1));
        int[] first = labels(iterator);
        iterator.reset();
        int[] second = labels(iterator);

        assertThat(first).hasSize(TOY.test().size()).isNotEqualTo(second);
        Arrays.sort(first);
        Arrays.sort(second);
        assertThat(first).isEqualTo(second);
    }

    @Test
    void realShapesTeachTheJudge() {
        Dataset some = TOY.train()
                .select(Arrays.copyOf(Rng.of(1).permutation(TOY.train().size()), 600));
        double chance = 1.0 / some.classNames().size();

        assertThat(new LeNetJudge(2, 32).accuracy(some, TOY.test(), 1)).isGreaterThan(2 * chance);
    }

    @Test
    void scaledFeaturesAreRefused() {
        DataSetIterator iterator = new DatasetIterator(TOY.test(), 10, Rng.of(1));
        iterator.setPreProcessor(examples -> examples.getFeatures().muli(2));

        assertThatThrownBy(() -> IteratorDataset.read(iterator, TOY.test().classNames()))
                .hasMessageContaining("features must lie in [0, 1], got");
        assertThatThrownBy(() -> IteratorDataset.read(new DatasetIterator(TOY.test(), 10, Rng.of(1)), List.of("one")))
                .hasMessageContaining("one column for each class name");
    }

    private static int[] labels(DataSetIterator iterator) {
        int[] all = new int[TOY.test().size()];
        int n = 0;
        while (iterator.hasNext()) {
            for (int label : iterator.next().getLabels().argMax(1).toIntVector()) {
                all[n++] = label;
            }
        }
        return all;
    }
}
