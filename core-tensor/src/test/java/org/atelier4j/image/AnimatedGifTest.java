package org.atelier4j.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.ImageInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AnimatedGifTest {
    @TempDir
    Path folder;

    private record Frame(Image image, int delayTicks) {}

    private static List<Frame> frames(byte[] gif) throws IOException {
        ImageReader reader = ImageIO.getImageReadersByFormatName("gif").next();
        List<Frame> frames = new ArrayList<>();
        try (ImageInputStream in = ImageIO.createImageInputStream(new ByteArrayInputStream(gif))) {
            reader.setInput(in);
            for (int i = 0; i < reader.getNumImages(true); i++) {
                IIOMetadataNode root =
                        (IIOMetadataNode) reader.getImageMetadata(i).getAsTree("javax_imageio_gif_image_1.0");
                IIOMetadataNode control = (IIOMetadataNode)
                        root.getElementsByTagName("GraphicControlExtension").item(0);
                frames.add(new Frame(Image.of(reader.read(i)), Integer.parseInt(control.getAttribute("delayTime"))));
            }
        } finally {
            reader.dispose();
        }
        return frames;
    }

    @Test
    void grayFramesAreExactInOrderAndTimed() throws IOException {
        List<Image> images =
                List.of(ImageTest.random(20, 10, 1, 1), ImageTest.random(20, 10, 1, 2), Image.filled(20, 10, 1, 255));
        Path path = folder.resolve("a.gif");
        AnimatedGif.write(path, images, 124, true);
        byte[] gif = Files.readAllBytes(path);
        assertThat(frames(gif))
                .isEqualTo(images.stream().map(i -> new Frame(i, 12)).toList());
        assertThat(ImageFiles.read(path)).isEqualTo(images.get(0));
    }

    @Test
    void loopsOnlyIfAsked() {
        List<Image> images = List.of(Image.filled(2, 2, 1, 0), Image.filled(2, 2, 1, 9));
        String loop = "NETSCAPE2.0\3\1\0\0";
        assertThat(text(AnimatedGif.encode(images, 50, true))).containsOnlyOnce(loop);
        assertThat(text(AnimatedGif.encode(images, 50, false))).doesNotContain("NETSCAPE");
    }

    @Test
    void fewColorsAreExactAndManyAreNear() throws IOException {
        byte[] pixels = new byte[16 * 16 * 3];
        for (int i = 0; i < 256; i++) {
            pixels[3 * i] = (byte) i;
            pixels[3 * i + 1] = (byte) (i * 7);
            pixels[3 * i + 2] = (byte) (255 - i);
        }
        Image few = Image.of(16, 16, 3, pixels);
        assertThat(frames(AnimatedGif.encode(List.of(few), 100, false)).get(0).image())
                .isEqualTo(few);
        Image many = image(64);
        byte[] got = frames(AnimatedGif.encode(List.of(many), 100, false))
                .get(0)
                .image()
                .toBytes();
        byte[] wanted = many.toBytes();
        double error = 0;
        for (int i = 0; i < got.length; i++) {
            error += Math.abs((got[i] & 0xff) - (wanted[i] & 0xff));
        }
        assertThat(error / got.length).isLessThan(10);
    }

    /** A smooth picture of 4096 colors. */
    private static Image image(int side) {
        byte[] pixels = new byte[side * side * 3];
        for (int i = 0; i < side * side; i++) {
            pixels[3 * i] = (byte) (i % side * 4);
            pixels[3 * i + 1] = (byte) (i / side * 4);
            pixels[3 * i + 2] = (byte) 90;
        }
        return Image.of(side, side, 3, pixels);
    }

    @Test
    void saysWhatMustHold() {
        Image image = Image.filled(2, 2, 1, 0);
        assertThatThrownBy(() -> AnimatedGif.encode(List.of(), 100, true))
                .hasMessage("AnimatedGif: at least one frame must be given");
        assertThatThrownBy(() -> AnimatedGif.encode(List.of(image), 10, true))
                .hasMessage("AnimatedGif: delay must lie in [20, 655350] ms, got 10");
        assertThatThrownBy(() -> AnimatedGif.encode(List.of(image, Image.filled(3, 2, 1, 0)), 100, true))
                .hasMessage("images must have one size, got Image 2 x 2 x 1 and Image 3 x 2 x 1");
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }
}
