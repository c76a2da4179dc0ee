package org.atelier4j.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.atelier4j.tensor.GoldenFile;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CmmdTest {
    private final GoldenFile golden = GoldenFile.load("golden/features.safetensors");
    private final FeatureBank x = Laws.bank(golden.tensor("kernel.x"));
    private final FeatureBank z = Laws.bank(golden.tensor("kernel.y").slice(0, 0, 25));

    @ParameterizedTest
    @CsvSource({"10, cmmd.10", "0.7, cmmd.0.7"})
    void equalsThePapersEstimate(double sigma, String name) {
        assertThat(new Cmmd(sigma, 1000).measure(x, z))
                .isCloseTo(golden.tensor(name).item(), within(1e-9));
    }

    @Test
    void thePapersSettingIsSigmaTenTimesThousand() {
        assertThat(Cmmd.paper()).isEqualTo(new Cmmd(10, 1000));
    }

    @Test
    void twoPointMassesHaveTheClosedForm() {
        FeatureBank a = Laws.bank(Tensor.of(new double[] {0, 0, 0, 0}, 2, 2));
        FeatureBank b = Laws.bank(Tensor.of(new double[] {3, 4, 3, 4, 3, 4}, 3, 2));

        double expected = 1000 * (2 - 2 * Math.exp(-25 / 200.0));
        assertThat(Cmmd.paper().measure(a, b)).isCloseTo(expected, within(1e-9));
    }

    @Test
    void isZeroForEqualSetsAndSymmetric() {
        assertThat(Cmmd.paper().measure(x, x)).isBetween(0.0, 1e-9);
        assertThat(Cmmd.paper().measure(x, z)).isCloseTo(Cmmd.paper().measure(z, x), within(1e-9));
    }

    @Test
    void tooFewImagesAndKernelsWithoutWidthAreRefused() {
        assertThatThrownBy(() -> Cmmd.paper().measure(x, Laws.bank(1, 16, 1)))
                .hasMessage("Cmmd: at least 2 images are needed, got 1");
        assertThatThrownBy(() -> new Cmmd(0, 1)).hasMessage("Cmmd: sigma must be > 0, got 0.0");
    }
}
