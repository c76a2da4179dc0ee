package org.atelier4j.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32;
import org.atelier4j.io.GoldenFiles;
import org.atelier4j.io.MalformedFileException;
import org.atelier4j.io.Npy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageFilesTest {
    private static final int W = 7;
    private static final int H = 5;

    @TempDir
    Path folder;

    /** The formulas of files.py. */
    private static int gray(int x, int y) {
        return y * 50 + x * 7;
    }

    private static int[] rgb(int x, int y) {
        return new int[] {gray(x, y), 255 - gray(x, y), x * 36};
    }

    private interface Pixel {
        int[] at(int x, int y);
    }

    private static Image image(int channels, Pixel pixel) {
        byte[] pixels = new byte[W * H * channels];
        for (int i = 0; i < W * H; i++) {
            int[] values = pixel.at(i % W, i / W);
            for (int c = 0; c < channels; c++) {
                pixels[i * channels + c] = (byte) values[c];
            }
        }
        return Image.of(W, H, channels, pixels);
    }

    private static Image read(String name) {
        return ImageFiles.read(GoldenFiles.path(name));
    }

    @Test
    void readsEightBitKinds() {
        Image gray = image(1, (x, y) -> new int[] {gray(x, y)});
        Image rgb = image(3, ImageFilesTest::rgb);
        Image rgba = image(4, (x, y) -> {
            int[] v = Arrays.copyOf(rgb(x, y), 4);
            v[3] = y * 60 + x;
            return v;
        });
        assertThat(read("gray8.png")).isEqualTo(gray);
        assertThat(read("gamma.png")).isEqualTo(gray);
        assertThat(read("gray.bmp")).isEqualTo(gray);
        assertThat(read("gray.gif")).isEqualTo(gray);
        assertThat(read("rgb8.png")).isEqualTo(rgb);
        assertThat(read("interlaced.png")).isEqualTo(rgb);
        assertThat(read("rgb.bmp")).isEqualTo(rgb);
        assertThat(read("rgba8.png")).isEqualTo(rgba);
        assertThat(read("gray-alpha8.png")).isEqualTo(image(4, (x, y) ->
                new int[] {gray(x, y), gray(x, y), gray(x, y), y * 60 + x}));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void readsFewBitsOfGrayAsGray(int bits) {
        int max = (1 << bits) - 1;
        Image expected = image(1, (x, y) -> new int[] {(gray(x, y) >> 8 - bits) * 255 / max});
        assertThat(read("gray" + bits + ".png")).isEqualTo(expected);
    }

    @Test
    void roundsSixteenBitsToEight() {
        assertThat(read("gray16.png")).isEqualTo(image(1, (x, y) -> new int[] {to8(gray16(x, y))}));
        assertThat(read("rgb16.png")).isEqualTo(image(3, (x, y) ->
                new int[] {to8(gray16(x, y)), to8(65535 - gray16(x, y)), to8(gray16(x, y) / 2)}));
    }

    private static int gray16(int x, int y) {
        return y * 9000 + x * 1234 + 77;
    }

    private static int to8(int v) {
        return (int) Math.round(v / 257.0);
    }

    @Test
    void looksUpPalettesAndTransparentColors() {
        assertThat(read("palette.png")).isEqualTo(Image.of(Npy.read(GoldenFiles.path("palette.npy"))));
        assertThat(read("palette-alpha.png")).isEqualTo(Image.of(Npy.read(GoldenFiles.path("palette-alpha.npy"))));
        Image keyed = read("rgb8-transparent.png");
        assertThat(keyed).isEqualTo(image(4, (x, y) -> {
            int[] v = Arrays.copyOf(rgb(x, y), 4);
            v[3] = x == 3 && y == 2 ? 0 : 255;
            return v;
        }));
    }

    @Test
    void readsJpegAsOthersDo() {
        byte[] actual = read("rgb.jpg").toBytes();
        byte[] expected = Image.of(Npy.read(GoldenFiles.path("rgb.jpg.npy"))).toBytes();
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < actual.length; i++) {
            assertThat((actual[i] & 0xff) - (expected[i] & 0xff)).isBetween(-3, 3); // decoders may round differently
        }
        assertThatThrownBy(() -> read("cmyk.jpg"))
                .isInstanceOf(MalformedFileException.class)
                .hasMessageEndingWith(
                        "cmyk.jpg: picture is damaged or of an unknown kind: Image: colors must be gray or RGB,"
                                + " got 4 components of another kind, as for printing");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4})
    void pngComesBack(int channels) {
        Image image = ImageTest.random(13, 9, channels, channels);
        Path path = folder.resolve("a/b.PNG");
        ImageFiles.write(path, image);
        assertThat(ImageFiles.read(path)).isEqualTo(image);
    }

    @Test
    void jpegIsNearAndSmallerAtLowerQuality() {
        Image rgba = image(4, (x, y) -> new int[] {200, 100, 50, 128});
        ImageFiles.write(folder.resolve("a.jpg"), rgba);
        Image back = ImageFiles.read(folder.resolve("a.jpg"));
        assertThat(back.channels()).isEqualTo(3);
        assertThat(back.at(3, 3, 0)).isBetween(222, 232); // 200 half on white
        assertThat(back.at(3, 3, 2)).isBetween(147, 157);
        Image noise = ImageTest.random(64, 64, 3, 1);
        assertThat(ImageFiles.encodeJpeg(noise, 0.3)).hasSizeLessThan(ImageFiles.encodeJpeg(noise, 0.9).length / 2);
        Image gray = Image.filled(8, 8, 1, 90);
        ImageFiles.write(folder.resolve("g.jpeg"), gray);
        assertThat(ImageFiles.read(folder.resolve("g.jpeg"))).isEqualTo(gray);
        assertThatThrownBy(() -> ImageFiles.write(folder.resolve("a.tiff"), gray))
                .hasMessageStartingWith("ImageFiles: name must end in .png, .jpg or .jpeg, got ");
    }

    @Test
    void everyTruncationIsAnError() throws IOException {
        for (String name : new String[] {"rgb8.png", "palette.png", "rgb.jpg", "gray.gif", "rgb.bmp"}) {
            byte[] whole = Files.readAllBytes(GoldenFiles.path(name));
            int tail = name.endsWith("gif") ? 1 : name.endsWith("bmp") ? 3 : 0; // ends without pixels: trailer, padding
            for (int n = 0; n < whole.length - tail; n += Math.max(1, whole.length / 200)) {
                byte[] part = Arrays.copyOf(whole, n);
                assertThatThrownBy(() -> ImageFiles.decode(part, name))
                        .as("%d of %d bytes of %s", n, whole.length, name)
                        .isInstanceOf(MalformedFileException.class)
                        .hasMessageStartingWith(name + ": ");
            }
        }
    }

    @Test
    void damagedPngChunksAreNamed() throws IOException {
        byte[] png = Files.readAllBytes(GoldenFiles.path("rgb8.png"));
        png[png.length - 20] ^= 1;
        assertThatThrownBy(() -> ImageFiles.decode(png, "x.png"))
                .isInstanceOf(MalformedFileException.class)
                .hasMessage("x.png: PNG chunk IDAT is damaged");
        assertThatThrownBy(() -> ImageFiles.decode(new byte[100], "x"))
                .hasMessage("x: must be a PNG, JPEG, BMP or GIF picture");
    }

    @Test
    void refusesSizesBeforeMemoryIsSetAside() throws IOException {
        assertThatThrownBy(() -> ImageFiles.decode(withSize(70_000, 70_000), "bomb.png"))
                .hasMessage("bomb.png: picture must have 1 to 67108864 pixels, got 70000 x 70000");
        assertThatThrownBy(() -> ImageFiles.decode(withSize(8_000, 8_000), "bomb.png"))
                .hasMessageStartingWith("bomb.png: PNG of 8000 x 8000 pixels cannot come from ");
        assertThatThrownBy(() -> ImageFiles.decode(withSize(-1, 5), "bomb.png"))
                .hasMessage("bomb.png: picture must have 1 to 67108864 pixels, got -1 x 5");
        assertThatThrownBy(() -> ImageFiles.decode(jpegWithSize(60_000, 60_000), "bomb.jpg"))
                .hasMessage("bomb.jpg: picture must have 1 to 67108864 pixels, got 60000 x 60000");
        assertThatThrownBy(() -> ImageFiles.decode(jpegWithSize(8_000, 8_000), "bomb.jpg"))
                .hasMessage("bomb.jpg: picture of 8000 x 8000 pixels cannot come from 992 bytes");
        assertThatThrownBy(() -> ImageFiles.read(folder.resolve("none.png")))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageEndingWith("none.png: could not be read: there is no " + folder.resolve("none.png"));
    }

    private static byte[] jpegWithSize(int width, int height) throws IOException {
        byte[] jpeg = Files.readAllBytes(GoldenFiles.path("rgb.jpg"));
        for (int i = 0; i < jpeg.length - 9; i++) {
            if (jpeg[i] == (byte) 0xff && jpeg[i + 1] == (byte) 0xc0) { // the frame header
                ByteBuffer.wrap(jpeg).putShort(i + 5, (short) height).putShort(i + 7, (short) width);
            }
        }
        return jpeg;
    }

    /** Returns a small PNG whose header lies about its size, with a right checksum. */
    private static byte[] withSize(int width, int height) throws IOException {
        byte[] png = Files.readAllBytes(GoldenFiles.path("rgb8.png"));
        ByteBuffer.wrap(png).putInt(16, width).putInt(20, height);
        CRC32 crc = new CRC32();
        crc.update(png, 12, 17);
        ByteBuffer.wrap(png).putInt(29, (int) crc.getValue());
        return png;
    }
}
