package org.atelier4j.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PixelRangeTest {
    @ParameterizedTest
    @EnumSource(PixelRange.class)
    void all256ValuesComeBack(PixelRange range) {
        for (int v = 0; v < 256; v++) {
            assertThat(range.toByte(range.toFloat((byte) v)) & 0xff).isEqualTo(v);
        }
    }

    @Test
    void isTheFloatNearestToTheFormula() {
        for (int v = 0; v < 256; v++) {
            assertThat(PixelRange.SIGNED.toFloat((byte) v)).isEqualTo((float) ((2.0 * v - 255) / 255));
            assertThat(PixelRange.UNIT.toFloat((byte) v)).isEqualTo((float) (v / 255.0));
        }
        assertThat(PixelRange.SIGNED.toFloat((byte) 0)).isEqualTo(-1);
        assertThat(PixelRange.SIGNED.toFloat((byte) 255)).isEqualTo(1);
    }

    @Test
    void roundsToNearestAndLimits() {
        assertThat(PixelRange.SIGNED.toByte(0)).isEqualTo((byte) 128); // 127.5, halves upwards
        assertThat(PixelRange.SIGNED.toByte(-1e-6f)).isEqualTo((byte) 127);
        assertThat(PixelRange.UNIT.toByte(0.4999f / 255)).isEqualTo((byte) 0);
        assertThat(PixelRange.UNIT.toByte(0.5001f / 255)).isEqualTo((byte) 1);
        for (float v : new float[] {1.001f, 5, Float.MAX_VALUE, Float.POSITIVE_INFINITY}) {
            assertThat(PixelRange.SIGNED.toByte(v)).isEqualTo((byte) 255);
            assertThat(PixelRange.SIGNED.toByte(-v)).isZero();
        }
        assertThatThrownBy(() -> PixelRange.SIGNED.toByte(Float.NaN))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("PixelRange: value must be a number, got NaN");
    }

    @ParameterizedTest
    @EnumSource(PixelRange.class)
    void imagesComeBackFromTensors(PixelRange range) {
        List<Image> images = List.of(ImageTest.random(5, 4, 3, 1), ImageTest.random(5, 4, 3, 2));
        Tensor batch = range.toTensor(images);
        assertThat(batch.shape()).isEqualTo(Shape.of(2, 4, 5, 3));
        assertThat(batch.dtype()).isEqualTo(DType.FLOAT32);
        assertThat(range.toImages(batch)).isEqualTo(images);
        assertThat(range.toImage(batch.select(0, 1))).isEqualTo(images.get(1));
        assertThat(range.toTensor(images.get(1)).toFloats())
                .isEqualTo(batch.select(0, 1).toFloats());
        assertThat(range.toImage(range.toTensor(images.get(0)).to(DType.FLOAT64)))
                .isEqualTo(images.get(0));
    }

    @Test
    void saysWhatMustHold() {
        assertThatThrownBy(() -> PixelRange.UNIT.toTensor(List.of(Image.filled(2, 2, 1, 0), Image.filled(2, 3, 1, 0))))
                .hasMessage("images must have one size, got Image 2 x 2 x 1 and Image 2 x 3 x 1");
        assertThatThrownBy(() -> PixelRange.UNIT.toImages(Tensor.zeros(2, 2, 1)))
                .hasMessage("PixelRange: shape must be (B, H, W, C), got [2, 2, 1]");
    }
}
