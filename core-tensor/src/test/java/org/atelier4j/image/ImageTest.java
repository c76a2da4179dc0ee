package org.atelier4j.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.util.Random;
import org.atelier4j.io.GoldenFiles;
import org.atelier4j.io.Npy;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageTest {
    @Test
    void isImmutableAndComparesByContents() {
        byte[] pixels = {1, 2, 3, 4, 5, (byte) 200};
        Image image = Image.of(2, 1, 3, pixels);
        pixels[0] = 9;
        image.toBytes()[0] = 9;
        assertThat(image.at(0, 0, 0)).isEqualTo(1);
        assertThat(image.at(1, 0, 2)).isEqualTo(200);
        assertThat(image)
                .isEqualTo(Image.of(2, 1, 3, new byte[] {1, 2, 3, 4, 5, (byte) 200}))
                .hasToString("Image 2 x 1 x 3");
        assertThat(image).isNotEqualTo(Image.of(1, 2, 3, new byte[] {1, 2, 3, 4, 5, (byte) 200}));
    }

    @Test
    void tensorsOfBytesComeBack() {
        Image image = random(5, 3, 4, 1);
        Tensor t = image.toTensor();
        assertThat(t.shape()).isEqualTo(Shape.of(3, 5, 4));
        assertThat(t.dtype()).isEqualTo(DType.UINT8);
        assertThat(Image.of(t)).isEqualTo(image);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4})
    void awtImagesComeBackForAllValues(int channels) {
        byte[] pixels = new byte[256 * channels];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) (i / channels + 31 * (i % channels));
        }
        Image image = Image.of(16, 16, channels, pixels);
        assertThat(Image.of(image.toBufferedImage())).isEqualTo(image);
    }

    @Test
    void packedAndPremultipliedAwtImagesAreRead() {
        BufferedImage packed = new BufferedImage(2, 1, BufferedImage.TYPE_INT_ARGB);
        packed.setRGB(0, 0, 0x80ff0010);
        packed.setRGB(1, 0, 0x00123456);
        assertThat(Image.of(packed).toBytes()).containsExactly(0xff, 0, 0x10, 0x80, 0x12, 0x34, 0x56, 0);
        BufferedImage opaque = new BufferedImage(1, 1, BufferedImage.TYPE_INT_BGR);
        opaque.setRGB(0, 0, 0xff010203);
        assertThat(Image.of(opaque).toBytes()).containsExactly(1, 2, 3);
        BufferedImage small = new BufferedImage(1, 1, BufferedImage.TYPE_USHORT_565_RGB);
        small.setRGB(0, 0, 0xffff8000);
        assertThat(Image.of(small).toBytes()).containsExactly(255, 130, 0); // 32 of 63 is 129.5 of 255
        BufferedImage premultiplied = new BufferedImage(1, 1, BufferedImage.TYPE_INT_ARGB_PRE);
        premultiplied.setRGB(0, 0, 0x80ff0000);
        assertThat(Image.of(premultiplied).toBytes()).containsExactly(0xff, 0, 0, 0x80);
        BufferedImage part = packed.getSubimage(1, 0, 1, 1);
        assertThat(Image.of(part).toBytes()).containsExactly(0x12, 0x34, 0x56, 0);
    }

    @Test
    void grayIsPillowsAndOpacityIsLaidOnWhite() {
        Image rgb = ImageFiles.read(GoldenFiles.path("rgb8.png"));
        Tensor gray = Npy.read(GoldenFiles.path("rgb-as-gray.npy"));
        assertThat(rgb.withChannels(1)).isEqualTo(Image.of(gray.reshape(5, 7, 1)));
        Image four =
                Image.of(3, 1, 4, new byte[] {10, 20, 30, 0, 10, 20, 30, (byte) 255, 0, 100, (byte) 255, (byte) 128});
        assertThat(four.withChannels(3).toBytes()).containsExactly(255, 255, 255, 10, 20, 30, 127, 177, 255);
        assertThat(rgb.withChannels(4).withChannels(3)).isEqualTo(rgb);
        assertThat(rgb.withChannels(4).at(3, 3, 3)).isEqualTo(255);
        Image one = rgb.withChannels(1);
        assertThat(one.withChannels(3).withChannels(1)).isEqualTo(one);
    }

    @Test
    void cropsAndEnlarges() {
        Image image = Image.of(3, 2, 1, new byte[] {1, 2, 3, 4, 5, 6});
        assertThat(image.crop(1, 0, 2, 2)).isEqualTo(Image.of(2, 2, 1, new byte[] {2, 3, 5, 6}));
        assertThat(image.crop(1, 1, 1, 1).enlarge(2)).isEqualTo(Image.of(2, 2, 1, new byte[] {5, 5, 5, 5}));
        assertThat(image.enlarge(2).toBytes())
                .containsExactly(1, 1, 2, 2, 3, 3, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 4, 4, 5, 5, 6, 6);
    }

    @ParameterizedTest
    @CsvSource({"8,8", "16,23", "40,50", "31,7"})
    void resizesAsPillowWithinItsRounding(int width, int height) {
        Image input = Image.of(Npy.read(GoldenFiles.path("resize-input.npy")));
        Image expected = Image.of(Npy.read(GoldenFiles.path("resize-" + width + "x" + height + ".npy")));
        byte[] actual = input.resize(width, height).toBytes();
        byte[] wanted = expected.toBytes();
        int different = 0;
        for (int i = 0; i < actual.length; i++) {
            assertThat((actual[i] & 0xff) - (wanted[i] & 0xff)).as("byte %d", i).isBetween(-1, 1);
            different += actual[i] == wanted[i] ? 0 : 1;
        }
        // pillow rounds to bytes between the two axes
        assertThat(different).isLessThan(actual.length / 2);
    }

    @Test
    void resizingKeepsConstantsAndTheColorOfOpaqueParts() {
        assertThat(Image.filled(9, 7, 3, 77).resize(4, 11)).isEqualTo(Image.filled(4, 11, 3, 77));
        Image half = Image.of(2, 1, 4, new byte[] {(byte) 200, 100, 50, (byte) 255, 0, 0, 0, 0});
        assertThat(half.resize(1, 1).toBytes()).containsExactly(200, 100, 50, 128);
        Image image = random(6, 5, 3, 3);
        assertThat(image.resize(6, 5)).isSameAs(image);
    }

    @Test
    void saysWhatMustHold() {
        assertThatThrownBy(() -> Image.of(2, 2, 3, new byte[11]))
                .hasMessage("Image: 2 x 2 pixels of 3 channels must have 12 bytes, got 11");
        assertThatThrownBy(() -> Image.of(0, 2, 3, new byte[0])).hasMessage("Image: size must be positive, got 0 x 2");
        assertThatThrownBy(() -> Image.of(1, 1, 2, new byte[2])).hasMessage("Image: channels must be 1, 3 or 4, got 2");
        assertThatThrownBy(() -> Image.filled(2, 2, 1, 0).at(2, 0, 0))
                .hasMessage("Image.at: place must lie within 2 x 2 x 1, got (2, 0, 0)");
        assertThatThrownBy(() -> Image.filled(2, 2, 1, 0).crop(1, 1, 2, 1))
                .hasMessage("Image.crop: part must lie within 2 x 2, got 2 x 1 at (1, 1)");
        assertThatThrownBy(() -> Image.of(Tensor.zeros(2, 2, 1)))
                .hasMessage("Image: dtype must be UINT8, got FLOAT32 for shape [2, 2, 1]");
    }

    static Image random(int width, int height, int channels, long seed) {
        byte[] pixels = new byte[width * height * channels];
        new Random(seed).nextBytes(pixels);
        return Image.of(width, height, channels, pixels);
    }
}
