package org.atelier4j.metrics.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.atelier4j.tensor.GoldenFile;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;

class MeanIouTest {
    private final GoldenFile golden = GoldenFile.load("golden/images.safetensors");
    private final Tensor predicted = golden.tensor("labels.predicted");
    private final Tensor truth = golden.tensor("labels.truth");

    @Test
    void equalsTorchmetrics() {
        MeanIou iou = new MeanIou(5, 255);
        iou.add(predicted, truth);
        double[] expected = golden.tensor("labels.iou").toDoubles();

        double mean = 0;
        for (int i = 0; i < 4; i++) {
            assertThat(iou.iou()[i]).isCloseTo(expected[i], within(1e-7));
            mean += expected[i] / 4;
        }
        assertThat(iou.iou()[4]).isNaN(); // occurs nowhere
        assertThat(iou.meanIou()).isCloseTo(mean, within(1e-7));
        assertThat(iou.pixelAccuracy())
                .isCloseTo(golden.tensor("labels.pixel-accuracy").item(), within(1e-7));
        assertThat(iou.meanAccuracy())
                .isCloseTo(golden.tensor("labels.mean-accuracy").item(), within(1e-7));
    }

    @Test
    void mapsAddedOneByOneCountAsOne() {
        MeanIou whole = new MeanIou(5, 255);
        whole.add(predicted, truth);
        MeanIou parts = new MeanIou(5, 255);
        for (int i = 0; i < 3; i++) {
            parts.add(predicted.slice(0, i, 1), truth.slice(0, i, 1));
        }

        assertThat(parts.iou()).isEqualTo(whole.iou());
    }

    @Test
    void smallMapsCountByHand() {
        MeanIou iou = new MeanIou(3, MeanIou.NONE_IGNORED);
        iou.add(Tensor.of(new int[] {0, 0, 1, 1}, 2, 2), Tensor.of(new int[] {0, 1, 1, 1}, 2, 2));

        assertThat(iou.iou()).containsExactly(0.5, 2 / 3.0, Double.NaN);
        assertThat(iou.pixelAccuracy()).isEqualTo(0.75);
        assertThat(iou.meanAccuracy()).isCloseTo((1 + 2 / 3.0) / 2, within(1e-15));
    }

    @Test
    void nothingCountedIsNotANumber() {
        assertThat(new MeanIou(2, -1).meanIou()).isNaN();
        assertThat(new MeanIou(2, -1).pixelAccuracy()).isNaN();
    }

    @Test
    void labelsOutOfRangeAndMapsOfOtherShapesAreRefused() {
        MeanIou iou = new MeanIou(3, MeanIou.NONE_IGNORED);
        Tensor map = Tensor.of(new int[] {0, 1, 2, 3}, 2, 2);

        assertThatThrownBy(() -> iou.add(map, map)).hasMessage("MeanIou: labels must lie in [0, 3), got 3");
        assertThatThrownBy(() -> iou.add(map, map.reshape(4)))
                .hasMessage("MeanIou: both label maps must have one shape, got [2, 2] and [4]");
        assertThatThrownBy(() -> iou.add(Tensor.zeros(2, 2), map))
                .hasMessage("MeanIou: dtype must be INT32, got FLOAT32 for shape [2, 2]");
        assertThatThrownBy(() -> new MeanIou(0, -1)).hasMessage("MeanIou: classes must be >= 1, got 0");
    }
}
