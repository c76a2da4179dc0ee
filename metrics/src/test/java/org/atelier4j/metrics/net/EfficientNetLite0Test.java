package org.atelier4j.metrics.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.atelier4j.image.Resampling;
import org.atelier4j.image.ResizeFilter;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EfficientNetLite0Test {
    private static EfficientNetLite0 net;

    @BeforeAll
    static void load() {
        net = EfficientNetLite0.load();
    }

    @ParameterizedTest
    @CsvSource({"chelsea, 285", "coffee, 967", "rocket, 657"}) // Egyptian cat, espresso, missile
    void equalsTheReferenceAndKnowsWhatPicturesShow(String name, int label) {
        Tensor features = net.features(Samples.picture("pictures/" + name + ".png"));
        TensorAssert.assertThat(features).isCloseTo(golden(name + ".features"), 1e-4, 2e-5);
        Tensor logits = net.logits(features);
        TensorAssert.assertThat(logits).hasShape(1, net.classes());
        TensorAssert.assertThat(
                        Samples.every(logits.reshape(1, 1, 1, 1000), 1, 1, 10).reshape(1, 100))
                .isCloseTo(golden(name + ".logits"), 1e-4, 5e-5);
        assertThat((int) logits.argMax(1).item()).isEqualTo(label);
    }

    @Test
    void halfPrecisionMovesFeaturesLittle() {
        for (String name : List.of("chelsea", "coffee", "rocket")) {
            Tensor shipped = every8(net.features(Samples.picture("pictures/" + name + ".png")));
            Tensor exact = golden(name + ".float32");
            double moved = shipped.sub(exact).norm().item() / exact.norm().item();
            assertThat(moved).as(name).isBetween(1e-5, 8e-3);
        }
    }

    @Test
    void mapsEqualTheReferenceAtFiveResolutions() {
        List<Tensor> maps = net.maps(Samples.picture("pictures/chelsea.png"));
        assertThat(maps).extracting(m -> m.dim(1)).containsExactly(112, 56, 28, 14, 7);
        int[] stages = {0, 1, 2, 4, 6};
        for (int i = 0; i < stages.length; i++) {
            TensorAssert.assertThat(Samples.every(maps.get(i), 3, 5, 7))
                    .isCloseTo(golden("map" + stages[i]), 1e-3, 1e-4);
        }
    }

    @Test
    void resizesOtherImagesAsPillowDoes() {
        Tensor picture = Samples.picture("pictures/coffee.png");
        Tensor small = Resampling.resize(picture, ResizeFilter.BICUBIC, 100, 90);
        Tensor again = Resampling.resize(small, ResizeFilter.BICUBIC, 224, 224);
        TensorAssert.assertThat(net.features(small)).isCloseTo(net.features(again), 1e-3, 2e-4);
        assertThat((int) net.logits(net.features(small)).argMax(1).item()).isEqualTo(967);
    }

    @Test
    void eachImageOfABatchIsSeenAlone() {
        Tensor a = Samples.picture("pictures/chelsea.png");
        Tensor b = Samples.picture("pictures/rocket.png");
        Tensor both = net.features(a.concat(b, 0));
        TensorAssert.assertThat(both.slice(0, 1, 1)).isCloseTo(net.features(b), 1e-4, 1e-5);
    }

    @Test
    void gradientsReachTheImagesAndNotTheWeights() {
        Tensor x = Resampling.resize(Samples.picture("pictures/rocket.png"), ResizeFilter.BICUBIC, 32, 32)
                .requireGradient();
        Tensor y = net.features(x).square().sum();
        Tensor gradient = y.backward().get(x);
        TensorAssert.assertThat(gradient).hasShape(1, 32, 32, 3).isFinite();
        double step = 1e-3 / gradient.norm().item();
        Tensor moved = net.features(x.detach().add(gradient.mul(step))).square().sum();
        double rise = moved.item() - y.item();
        assertThat(rise / (1e-3 * gradient.norm().item())).isBetween(0.9, 1.1);
    }

    @Test
    void saysWhatItTakes() {
        assertThatThrownBy(() -> net.features(Tensor.zeros(2, 224, 224, 1)))
                .hasMessageStartingWith("efficientnet-lite0: images must be color images (B, H, W, 3)");
        assertThatThrownBy(() -> net.logits(Tensor.zeros(2, 1000)))
                .hasMessage("efficientnet-lite0: features must be (B, 1280), got [2, 1000]");
        assertThat(net.hash()).matches("[0-9a-f]{64}");
    }

    private static Tensor every8(Tensor features) {
        return Samples.every(features.reshape(1, 1, 1, 1280), 1, 1, 8).reshape(1, 160);
    }

    private static Tensor golden(String name) {
        return Samples.GOLDEN.tensor("efficientnet." + name);
    }
}
