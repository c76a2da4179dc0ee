package org.atelier4j.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.atelier4j.tensor.TensorAssert.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.ShapeException;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorScope;
import org.junit.jupiter.api.Test;

class FeatureReaderTest {
    private final PatchNet net = new PatchNet(3, 10, 4);
    private final Tensor images = Rng.of(1).uniform(Shape.of(23, 8, 8, 3)).affine(2, -1);

    @Test
    void aBankHasTheFeaturesOfAllImagesInOrder() {
        FeatureBank bank = FeatureReader.of(net).withBatch(5).bank(new TensorImages(images));

        assertThat(bank.rows()).isCloseTo(net.features(images), 1e-5, 1e-6);
        assertThat(bank.count()).isEqualTo(23);
        assertThat(bank.width()).isEqualTo(10);
        assertThat(bank.extractor()).isEqualTo("patch-net");
        assertThat(bank.hash()).isEqualTo("0123456789abcdef");
    }

    @Test
    void aBankOutlivesTheScopeItWasReadIn() {
        FeatureBank bank;
        try (TensorScope scope = TensorScope.open()) {
            bank = FeatureReader.of(net).bank(new TensorImages(images));
        }

        assertThat(bank.rows()).isCloseTo(net.features(images), 1e-5, 1e-6);
    }

    @Test
    void banksOfAFewImagesAreTogetherTheBankOfAll() {
        List<Long> seen = new ArrayList<>();
        List<Tensor> parts = new ArrayList<>();
        FeatureReader reader = FeatureReader.of(net).withBatch(4).withProgress(seen::add);

        reader.banks(new TensorImages(images), 10, bank -> parts.add(bank.rows().mul(1)));

        assertThat(parts.stream().map(p -> p.dim(0))).containsExactly(10, 10, 3);
        assertThat(Tensor.concat(0, parts.toArray(Tensor[]::new))).isCloseTo(net.features(images), 1e-5, 1e-6);
        assertThat(seen).containsExactly(4L, 8L, 10L, 14L, 18L, 20L, 23L);
    }

    @Test
    void noBankIsEmpty() {
        FeatureReader reader = FeatureReader.of(net).withBatch(4);
        List<Integer> counts = new ArrayList<>();

        reader.banks(new TensorImages(images.slice(0, 0, 20)), 10, bank -> counts.add(bank.count()));
        assertThat(counts).containsExactly(10, 10);

        TensorImages ended = new TensorImages(images);
        ended.next(23);
        reader.banks(ended, 10, bank -> counts.add(bank.count()));
        assertThat(counts).hasSize(2);
    }

    @Test
    void statisticsAreThoseOfTheBank() {
        FeatureReader reader = FeatureReader.of(net).withBatch(4);
        FeatureStatistics statistics = reader.statistics(new TensorImages(images));
        FeatureStatistics expected = reader.bank(new TensorImages(images)).statistics();

        assertThat(statistics.count()).isEqualTo(23);
        assertThat(statistics.mean()).isCloseTo(expected.mean(), 1e-6, 1e-7);
        assertThat(statistics.covariance()).isCloseTo(expected.covariance(), 1e-6, 1e-7);
    }

    @Test
    void asManyImagesAreReadAsWereAskedForAndTheListenerHearsOfEach() {
        List<Long> seen = new ArrayList<>();
        TensorImages source = new TensorImages(images);
        FeatureReader reader = FeatureReader.of(net).withBatch(4).withProgress(seen::add);

        FeatureBank bank = reader.bank(source, 10);

        assertThat(seen).containsExactly(4L, 8L, 10L);
        assertThat(bank.rows()).isCloseTo(net.features(images.slice(0, 0, 10)), 1e-5, 1e-6);
        assertThat(source.next(100).dim(0)).isEqualTo(13);
    }

    @Test
    void aSourceThatEndsEarlyIsRefused() {
        FeatureReader reader = FeatureReader.of(net);

        assertThatThrownBy(() -> reader.bank(new TensorImages(images), 24))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("FeatureReader: source must yield 24 images, got 23 before it ended");
        assertThatThrownBy(() -> reader.statistics(new TensorImages(images), 50))
                .hasMessage("FeatureReader: source must yield 50 images, got 23 before it ended");
        assertThatThrownBy(() -> reader.bank(new TensorImages(images), 0))
                .hasMessage("FeatureReader: at least 1 image must be read, got 0");
    }

    @Test
    void otherChannelsAreRefused() {
        assertThatThrownBy(() -> FeatureReader.of(net).bank(new TensorImages(Tensor.zeros(2, 8, 8, 1))))
                .isInstanceOf(ShapeException.class)
                .hasMessage("FeatureReader: images for patch-net must be (H, W, 3), got [8, 8, 1]");
    }

    @Test
    void pixelsOfAnotherRangeAreRefused() {
        assertThatThrownBy(() -> FeatureReader.of(net).bank(new TensorImages(images.affine(127.5, 127.5))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageMatching(
                        "FeatureReader: images must lie in \\[-1, 1], got values in \\[0\\.\\d+, 25\\d\\.\\d+]");
    }

    @Test
    void featuresThatAreNotNumbersAreRefusedWithTheNumberOfTheImage() {
        float[] values = images.toFloats();
        values[7 * 8 * 8 * 3] = Float.NaN;
        Tensor broken = Tensor.of(values, 23, 8, 8, 3);

        assertThatThrownBy(() -> FeatureReader.of(net).withBatch(4).bank(new TensorImages(broken)))
                .hasMessageContaining("images must lie in [-1, 1], got values in [NaN");

        PatchNet poisoned = new PatchNet(3, 10, 4);
        FeatureReader.of(poisoned).bank(new TensorImages(images));
        assertThatThrownBy(() -> FeatureBank.of("net", "", Tensor.of(new float[] {0, 1, Float.NaN, 2}, 2, 2)))
                .hasMessage("net: features must be finite, got NaN in the features of image 1");
    }

    @Test
    void aSourceWithoutImagesGivesAnEmptyBank() {
        assertThat(FeatureReader.of(net)
                        .bank(new TensorImages(Tensor.zeros(0, 8, 8, 3)))
                        .count())
                .isZero();
    }

    @Test
    void batchesHaveImages() {
        assertThatThrownBy(() -> FeatureReader.of(net).withBatch(0))
                .hasMessage("FeatureReader: batch must be >= 1, got 0");
    }
}
