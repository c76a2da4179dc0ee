package org.atelier4j.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.atelier4j.metrics.NearestNeighbors.Result;
import org.atelier4j.tensor.GoldenFile;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;

class NearestNeighborsTest {

    @Test
    void distancesAreNumPys() {
        GoldenFile golden = GoldenFile.load("golden/features.safetensors");

        double[] d = NearestNeighbors.distances(
                Laws.bank(golden.tensor("neighbors.fake")), Laws.bank(golden.tensor("neighbors.real")));

        assertThat(d).containsExactly(golden.tensor("neighbors.distances").toDoubles(), within(1e-7));
    }

    @Test
    void aModelThatDrawsFromTheLawHasARatioOfAboutOne() {
        Result r =
                NearestNeighbors.compare(Laws.bank(1000, 6, 1), Laws.bank(3000, 6, 2), Laws.bank(800, 6, 3), Rng.of(1));

        assertThat(r.ratio()).isCloseTo(1, within(0.03));
        assertThat(r.nearerToTrain()).isCloseTo(0.5, within(0.05));
    }

    @Test
    void aModelThatCopiesIsFound() {
        Tensor train = Laws.normal(300, 6, 1);
        Tensor copies = train.slice(0, 0, 100).add(Laws.normal(100, 6, 2).mul(0.01));

        Result r = NearestNeighbors.compare(Laws.bank(copies), Laws.bank(train), Laws.bank(300, 6, 3), Rng.of(1));

        assertThat(r.ratio()).isLessThan(0.1);
        assertThat(r.nearerToTrain()).isGreaterThan(0.98);
    }

    @Test
    void theResultNamesBothDistances() {
        FeatureBank generated = Laws.bank(Tensor.of(new double[] {0, 10}, 2, 1));
        FeatureBank train = Laws.bank(Tensor.of(new double[] {1, 10.5}, 2, 1));
        FeatureBank test = Laws.bank(Tensor.of(new double[] {-1, 14}, 2, 1));

        Result r = NearestNeighbors.compare(generated, train, test, Rng.of(1));

        assertThat(r.trainDistance()).isCloseTo(0.75, within(1e-12));
        assertThat(r.testDistance()).isCloseTo(2.5, within(1e-12));
        assertThat(r.ratio()).isCloseTo(0.3, within(1e-12));
        assertThat(r.nearerToTrain()).isCloseTo(0.75, within(1e-12)); // a tie and a win
    }

    /** More images than exist at once give what all together give. */
    @Test
    void imagesReadPartByPartGiveTheSame() {
        RawPixels pixels = new RawPixels(Shape.of(2, 3, 1));
        Tensor images = Rng.of(1).uniform(Shape.of(2500, 2, 3, 1)).affine(2, -1);
        FeatureReader reader = FeatureReader.of(pixels);
        FeatureBank train = reader.bank(
                new TensorImages(Rng.of(2).uniform(Shape.of(300, 2, 3, 1)).affine(2, -1)));
        FeatureBank test = reader.bank(
                new TensorImages(Rng.of(3).uniform(Shape.of(200, 2, 3, 1)).affine(2, -1)));

        Result atOnce = NearestNeighbors.compare(reader.bank(new TensorImages(images)), train, test, Rng.of(4));
        Result inParts = NearestNeighbors.compare(reader, new TensorImages(images), train, test, Rng.of(4));

        assertThat(inParts.ratio()).isCloseTo(atOnce.ratio(), within(1e-12));
        assertThat(inParts.nearerToTrain()).isEqualTo(atOnce.nearerToTrain());
        assertThatThrownBy(() -> NearestNeighbors.compare(
                        reader, new TensorImages(images.slice(0, 0, 0)), train, test, Rng.of(4)))
                .hasMessage("NearestNeighbors: at least 1 images are needed, got 0");
    }

    @Test
    void emptySetsAndOtherNetworksAreRefused() {
        FeatureBank some = Laws.bank(3, 2, 1);
        FeatureBank none = Laws.bank(Tensor.of(new double[0], 0, 2));
        assertThatThrownBy(() -> NearestNeighbors.compare(some, some, none, Rng.of(1)))
                .hasMessage("NearestNeighbors: at least 1 images are needed, got 0");
        assertThatThrownBy(() -> NearestNeighbors.distances(some, FeatureBank.of("other", "", Laws.normal(3, 2, 1))))
                .hasMessageStartingWith("NearestNeighbors: both sets of features must come from one network");
        assertThatThrownBy(() -> NearestNeighbors.compare(some, Laws.bank(3, 2, 2), some, Rng.of(1)))
                .hasMessage("NearestNeighbors: generated images must not all be test images, got distance 0");
    }
}
