package org.atelier4j.metrics.net;

import static org.assertj.core.api.Assertions.assertThat;

import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;

class FmNetTest {

    @Test
    void theShippedWeightsAreThePinnedOnes() {
        FrozenClassifier net = FmNet.load(); // throws if the hash is another one

        assertThat(net.hash()).isEqualTo(FmNet.HASH).hasSize(64);
        assertThat(net.name()).isEqualTo("fm-net");
        assertThat(net.width()).isEqualTo(128);
        assertThat(net.classNames()).hasSize(10).startsWith("T-shirt").endsWith("Ankle boot");
    }

    @Test
    void featuresAreNotNegativeAndFinite() {
        Tensor features = FmNet.load().features(Tensor.zeros(3, 28, 28, 1));

        assertThat(features.shape().toString()).isEqualTo("[3, 128]");
        assertThat(features.min().item()).isNotNegative();
        assertThat(features.max().item()).isPositive().isFinite();
    }
}
