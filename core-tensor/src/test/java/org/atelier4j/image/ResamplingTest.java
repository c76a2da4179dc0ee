package org.atelier4j.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.GoldenFile;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.TensorAssert;
import org.atelier4j.tensor.autograd.GradientCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ResamplingTest {
    private static final GoldenFile PILLOW = GoldenFile.load("golden/resize.safetensors");
    private static final int[][] SIZES = {{20, 17}, {64, 61}, {45, 13}, {7, 90}};

    @ParameterizedTest
    @EnumSource(ResizeFilter.class)
    void equalsPillowsFloatingPointModeToTheBit(ResizeFilter filter) {
        Tensor image = PILLOW.tensor("image");
        for (int[] size : SIZES) {
            Tensor expected = PILLOW.tensor(filter + "." + size[0] + "x" + size[1]);
            Tensor actual = Resampling.resize(image, filter, size[0], size[1]);
            boolean rowsFirst = size[0] < 45 && size[1] > 38; // Pillow's order where that is less work
            TensorAssert.assertThat(actual)
                    .as("%s to %d x %d", filter, size[0], size[1])
                    .isCloseTo(expected, 0, rowsFirst ? 1.5e-7 : 0);
            TensorAssert.assertThat(Resampling.product(image, filter, size[0], size[1]))
                    .isCloseTo(expected, 0, 2e-6);
        }
    }

    @ParameterizedTest
    @EnumSource(ResizeFilter.class)
    void keepsConstantsAndSizesThatStay(ResizeFilter filter) {
        Tensor flat = Tensor.full(0.7, DType.FLOAT32, Shape.of(2, 9, 5, 1));
        assertThat(Resampling.resize(flat, filter, 4, 11).sub(0.7).abs().max().item())
                .isLessThan(1e-6);
        Tensor image = PILLOW.tensor("image");
        TensorAssert.assertThat(Resampling.resize(image, filter, 45, 38)).isEqualTo(image);
    }

    @Test
    void eachImageOfABatchIsResizedAlone() {
        Tensor image = PILLOW.tensor("image");
        Tensor both = Resampling.resize(image.concat(image.neg(), 0), ResizeFilter.LANCZOS, 20, 17);
        Tensor one = Resampling.resize(image, ResizeFilter.LANCZOS, 20, 17);
        TensorAssert.assertThat(both.slice(0, 0, 1)).isEqualTo(one);
        TensorAssert.assertThat(both.slice(0, 1, 1)).isEqualTo(one.neg());
    }

    @Test
    void gradientsPassThroughTheProduct() {
        Tensor x = PILLOW.tensor("image").slice(1, 0, 5).slice(2, 0, 6).to(DType.FLOAT64);
        GradientCheck.of(in -> Resampling.product(in[0], ResizeFilter.BICUBIC, 3, 7))
                .at(x);
    }

    @Test
    void saysWhatItTakes() {
        Tensor image = PILLOW.tensor("image");
        assertThatThrownBy(() -> Resampling.resize(image, ResizeFilter.BOX, 0, 3))
                .hasMessage("Resampling: sizes must be > 0, got 0 x 3 for shape [1, 45, 38, 3]");
        assertThatThrownBy(() -> Resampling.resize(image.squeeze(0), ResizeFilter.BOX, 4, 3))
                .hasMessageContaining("(B, H, W, C)");
    }
}
