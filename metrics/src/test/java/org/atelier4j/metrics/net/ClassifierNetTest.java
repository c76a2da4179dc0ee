package org.atelier4j.metrics.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.atelier4j.nn.Layer;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;

class ClassifierNetTest {
    private static final ClassifierNet.Config CONFIG = new ClassifierNet.Config(1, List.of(4, 6, 8), 3, false);

    private static Tensor images(long seed) {
        return Rng.of(seed).uniform(Shape.of(5, 12, 12, 1)).affine(2, -1);
    }

    private static ClassifierNet trained() {
        ClassifierNet net = new ClassifierNet(CONFIG, Rng.of(1));
        for (int i = 0; i < 5; i++) {
            net.forward(images(i)); // moves the running statistics
        }
        return net;
    }

    @Test
    void foldingChangesNothingButTheRounding() {
        ClassifierNet net = trained();
        ClassifierNet folded = net.folded(net.state());

        try (Layer.Mode evaluation = net.evaluating()) {
            double[] expected = net.forward(images(9)).toDoubles();
            double[] actual = folded.forward(images(9)).toDoubles();
            assertThat(actual).hasSize(15);
            for (int i = 0; i < expected.length; i++) {
                assertThat(actual[i]).isEqualTo(expected[i], within(1e-5 * (1 + Math.abs(expected[i]))));
            }
        }
        double[] inTraining = net.forward(images(9)).toDoubles();
        double[] afterwards = folded.forward(images(9)).toDoubles();
        assertThat(inTraining[0]).as("statistics of the batch").isNotCloseTo(afterwards[0], within(1e-3));
    }

    @Test
    void foldedNetworksHaveBiasesInPlaceOfNorms() {
        ClassifierNet net = trained();

        assertThat(net.folded(net.state()).state().keySet())
                .contains("stem.conv.weight", "stem.conv.bias", "stages.1.second.conv.bias", "head.weight")
                .noneMatch(path -> path.contains("norm"));
        assertThatThrownBy(() -> net.folded(net.state()).folded(net.state()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("network with batch norms");
    }

    @Test
    void everyStageHalvesTheSides() {
        List<Tensor> maps = new ClassifierNet(CONFIG, Rng.of(1)).maps(images(0));

        assertThat(maps.stream().map(m -> m.shape().toString()))
                .containsExactly("[5, 12, 12, 4]", "[5, 6, 6, 6]", "[5, 3, 3, 8]");
    }

    @Test
    void featuresAreTheMeanOfTheLastMapAndLogitsTheirImage() {
        ClassifierNet net = trained();
        try (Layer.Mode evaluation = net.evaluating()) {
            Tensor features = net.features(images(3));
            double[] last = net.maps(images(3)).get(2).toDoubles(); // (5, 3, 3, 8)
            double mean = 0;
            for (int p = 0; p < 9; p++) {
                mean += last[p * 8 + 7] / 9;
            }
            assertThat(features.toDoubles()[7]).isEqualTo(mean, within(1e-6));
            assertThat(net.logits(features).toDoubles())
                    .isEqualTo(net.forward(images(3)).toDoubles());
        }
    }

    @Test
    void sizesAreChecked() {
        assertThatThrownBy(() -> new ClassifierNet.Config(0, List.of(4, 4), 3, false))
                .hasMessage("ClassifierNet: channels must be >= 1 and classes >= 2, got 0 and 3");
        assertThatThrownBy(() -> new ClassifierNet.Config(1, List.of(4), 3, false))
                .hasMessageContaining("a stem and at least one stage");
    }
}
