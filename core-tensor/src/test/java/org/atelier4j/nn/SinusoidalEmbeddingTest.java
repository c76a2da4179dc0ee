package org.atelier4j.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.atelier4j.tensor.GoldenFile;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.junit.jupiter.api.Test;

class SinusoidalEmbeddingTest {
    private static final GoldenFile GOLDEN = GoldenFile.load("golden/layers.safetensors");

    @Test
    void valuesEqualTheDiffusersLibrarys() {
        Tensor t = GOLDEN.tensor("sinusoidal.t");
        // angles up to 999 in float32 are known to 6e-5
        TensorAssert.assertThat(SinusoidalEmbedding.ddpm(16).of(t))
                .isCloseTo(GOLDEN.tensor("sinusoidal.ddpm"), 0, 1e-4);
        TensorAssert.assertThat(SinusoidalEmbedding.guidedDiffusion(16).of(t))
                .isCloseTo(GOLDEN.tensor("sinusoidal.guided"), 0, 1e-4);
    }

    @Test
    void gridsEqualThoseOfMae() {
        TensorAssert.assertThat(new SinusoidalEmbedding(16, 10_000, 0, false).grid(3, 5))
                .isCloseTo(GOLDEN.tensor("sinusoidal.grid"), 0, 1e-6);
    }

    @Test
    void theSlowestFrequencyOfDdpmIsOneOverThePeriod() {
        float[] y =
                SinusoidalEmbedding.ddpm(8).of(Tensor.of(new float[] {100}, 1)).toFloats();
        assertThat(y[0]).isCloseTo((float) Math.sin(100), within(1e-6f));
        assertThat(y[3]).isCloseTo((float) Math.sin(100 / 10_000.0), within(1e-7f));
        assertThat(y[7]).isCloseTo((float) Math.cos(100 / 10_000.0), within(1e-7f));
    }

    @Test
    void badSizesAreNamed() {
        assertThatThrownBy(() -> SinusoidalEmbedding.ddpm(7))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("SinusoidalEmbedding: width must be even and >= 4, got 7");
        assertThatThrownBy(() -> SinusoidalEmbedding.ddpm(6).grid(2, 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("SinusoidalEmbedding: width must be a multiple of 4 for a grid, got 6");
    }
}
