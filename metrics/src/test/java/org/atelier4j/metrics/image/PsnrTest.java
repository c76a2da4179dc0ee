package org.atelier4j.metrics.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.atelier4j.tensor.TensorAssert.assertThat;

import org.atelier4j.tensor.GoldenFile;
import org.atelier4j.tensor.ShapeException;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.autograd.GradientCheck;
import org.junit.jupiter.api.Test;

/** {@link Psnr}, and what all metrics of pairs ask of images. */
class PsnrTest {
    private final GoldenFile golden = GoldenFile.load("golden/images.safetensors");
    private final Tensor a = golden.tensor("pairs.a");
    private final Tensor b = golden.tensor("pairs.b");

    @Test
    void equalsScikitImage() {
        assertThat(Psnr.between(a, b)).isCloseTo(golden.tensor("pairs.psnr"), 1e-12, 0);
    }

    @Test
    void oneGrayLevelEverywhereIsTwentyTimesTheLogarithmOf255() {
        Tensor x = Tensor.zeros(1, 4, 4, 3);

        assertThat(Psnr.between(x, x.add(1 / 127.5))).isCloseTo(new double[] {20 * Math.log10(255)}, 1e-5, 0);
    }

    @Test
    void equalImagesHaveNoNoise() {
        assertThat(Psnr.between(a, a).toDoubles()).containsOnly(Double.POSITIVE_INFINITY);
    }

    @Test
    void gradientsPassThrough() {
        GradientCheck.of(in -> Psnr.between(in[0].mul(0.5), in[1].mul(0.5)))
                .at(a.slice(1, 0, 3).slice(2, 0, 2), b.slice(1, 0, 3).slice(2, 0, 2));
    }

    @Test
    void unlikeShapesTypesAndRangesAreRefused() {
        assertThatThrownBy(() -> Psnr.between(Tensor.zeros(2, 4, 4, 3), Tensor.zeros(2, 4, 5, 3)))
                .isInstanceOf(ShapeException.class)
                .hasMessage("Psnr: both images of a pair must have one shape, got [2, 4, 4, 3] and [2, 4, 5, 3]");
        assertThatThrownBy(() -> Psnr.between(Tensor.zeros(4, 4, 3), Tensor.zeros(4, 4, 3)))
                .isInstanceOf(ShapeException.class)
                .hasMessage("Psnr: shape must be (B, H, W, C), got [4, 4, 3]");
        assertThatThrownBy(() -> Psnr.between(a, Tensor.zeros(2, 17, 21, 3)))
                .hasMessage("Psnr: images must be of one floating type, got FLOAT64 and FLOAT32");
        assertThatThrownBy(() -> Psnr.between(Tensor.zeros(1, 2, 2, 1), Tensor.full(255, a.dtype(), a.shape())))
                .hasMessageContaining("one shape");
        assertThatThrownBy(() -> Psnr.between(
                        Tensor.zeros(1, 2, 2, 1), Tensor.ones(1, 2, 2, 1).mul(255)))
                .hasMessage("Psnr: images must lie in [-1, 1], got values in [255.0, 255.0]");
        assertThatThrownBy(() -> Psnr.between(
                        Tensor.zeros(1, 2, 2, 1), Tensor.ones(1, 2, 2, 1).mul(Double.NaN)))
                .hasMessage("Psnr: images must lie in [-1, 1], got values in [NaN, NaN]");
    }
}
