package org.atelier4j.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.atelier4j.tensor.TensorAssert.assertThat;

import java.util.Arrays;
import java.util.List;
import org.atelier4j.tensor.Rng;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;

class FeatureBankTest {
    private final FeatureBank numbered = Laws.bank(Tensor.of(new double[] {0, 1, 2, 3, 4, 5, 6}, 7, 1));

    @Test
    void selectTakesTheImagesNamed() {
        assertThat(numbered.select(new int[] {6, 0, 0}).rows()).hasValues(6, 0, 0);
    }

    @Test
    void aSampleRepeatsNoImage() {
        double[] drawn = numbered.sample(5, Rng.of(1)).rows().toDoubles();

        assertThat(drawn).hasSize(5).doesNotHaveDuplicates();
        assertThat(numbered.sample(5, Rng.of(1)).rows().toDoubles()).isEqualTo(drawn);
        assertThat(numbered.sample(5, Rng.of(2)).rows().toDoubles()).isNotEqualTo(drawn);
    }

    @Test
    void halvesShareNoImage() {
        List<FeatureBank> halves = numbered.halves(Rng.of(1));

        assertThat(halves).extracting(FeatureBank::count).containsExactly(3, 3);
        double[] both = new double[6];
        System.arraycopy(halves.get(0).rows().toDoubles(), 0, both, 0, 3);
        System.arraycopy(halves.get(1).rows().toDoubles(), 0, both, 3, 3);
        assertThat(Arrays.stream(both).distinct().count()).isEqualTo(6);
    }

    @Test
    void aSampleLargerThanTheBankIsRefused() {
        assertThatThrownBy(() -> numbered.sample(8, Rng.of(1)))
                .hasMessage("FeatureBank: sample must have 0 to 7 images, got 8");
    }

    @Test
    void rowsMustBeFloatingMatrices() {
        assertThatThrownBy(() -> FeatureBank.of("n", "", Tensor.of(new int[] {1, 2}, 1, 2)))
                .hasMessage("FeatureBank: features must be floating, got INT32");
        assertThatThrownBy(() -> FeatureBank.of("n", "", Tensor.zeros(3)))
                .hasMessage("FeatureBank: shape must be (N, D), got [3]");
    }
}
