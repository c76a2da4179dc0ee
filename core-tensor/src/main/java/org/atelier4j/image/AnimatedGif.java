package org.atelier4j.image;

import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.atelier4j.io.AtomicFile;
import org.atelier4j.tensor.Check;

/**
 * Moving pictures, as a denoising from noise to image.
 *
 * <p>Gray frames, and frames of at most 256 colors, are stored exactly; others lose colors to a palette of 256 that the
 * JDK's encoder chooses frame by frame. Opacity is laid on white.
 */
public final class AnimatedGif {
    private static final String METADATA = "javax_imageio_gif_image_1.0";
    private static final int MILLIS_PER_TICK = 10;
    private static final int COLORS = 256;

    private AnimatedGif() {}

    /**
     * Writes a file, whole or not at all.
     *
     * @param frames of one size, at least one
     * @param delayMillis how long each frame stays, ≥ 20 (viewers slow down what is faster), rounded to 10 ms
     * @param loop whether to begin again without end
     */
    public static void write(Path path, List<Image> frames, int delayMillis, boolean loop) {
        byte[] bytes = encode(frames, delayMillis, loop);
        AtomicFile.write(path, out -> out.write(bytes));
    }

    /** Returns the file's bytes; see {@link #write}. */
    public static byte[] encode(List<Image> frames, int delayMillis, boolean loop) {
        Check.that(!frames.isEmpty(), "AnimatedGif: at least one frame must be given");
        Check.that(
                delayMillis >= 20 && delayMillis <= 655350,
                "AnimatedGif: delay must lie in [20, 655350] ms, got %d",
                delayMillis);
        frames.forEach(frame -> PixelRange.checkLike(frames.get(0), frame));
        ImageWriter writer = ImageIO.getImageWritersByFormatName("gif").next();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
            writer.setOutput(out);
            writer.prepareWriteSequence(null);
            for (int i = 0; i < frames.size(); i++) {
                BufferedImage awt = indexed(frames.get(i));
                IIOMetadata metadata = writer.getDefaultImageMetadata(new ImageTypeSpecifier(awt), null);
                describe(metadata, delayMillis, loop && i == 0);
                writer.writeToSequence(new IIOImage(awt, null, metadata), null);
            }
            writer.endWriteSequence();
        } catch (IOException e) {
            throw new UncheckedIOException("AnimatedGif: could not be encoded", e);
        } finally {
            writer.dispose();
        }
        return bytes.toByteArray();
    }

    private static void describe(IIOMetadata metadata, int delayMillis, boolean loop) throws IOException {
        IIOMetadataNode root = (IIOMetadataNode) metadata.getAsTree(METADATA);
        IIOMetadataNode control = new IIOMetadataNode("GraphicControlExtension");
        control.setAttribute("disposalMethod", "none");
        control.setAttribute("userInputFlag", "FALSE");
        control.setAttribute("transparentColorFlag", "FALSE");
        control.setAttribute("transparentColorIndex", "0");
        int ticks = (delayMillis + MILLIS_PER_TICK / 2) / MILLIS_PER_TICK;
        control.setAttribute("delayTime", Integer.toString(ticks));
        root.appendChild(control);
        if (loop) {
            IIOMetadataNode netscape = new IIOMetadataNode("ApplicationExtension");
            netscape.setAttribute("applicationID", "NETSCAPE");
            netscape.setAttribute("authenticationCode", "2.0");
            netscape.setUserObject(new byte[] {1, 0, 0}); // repeat 0 times: without end
            IIOMetadataNode extensions = new IIOMetadataNode("ApplicationExtensions");
            extensions.appendChild(netscape);
            root.appendChild(extensions);
        }
        metadata.mergeTree(METADATA, root);
    }

    /** Returns the frame with a palette where 256 colors are enough, else in full color for the encoder to reduce. */
    private static BufferedImage indexed(Image frame) {
        Image rgb = frame.channels() == 1 ? frame : frame.withChannels(3);
        byte[] pixels = rgb.toBytes();
        int channels = rgb.channels();
        Map<Integer, Integer> palette = new LinkedHashMap<>();
        byte[] indices = new byte[frame.width() * frame.height()];
        for (int i = 0; i < indices.length; i++) {
            int color = 0;
            for (int c = 0; c < 3; c++) {
                color = color << 8 | pixels[i * channels + (channels == 1 ? 0 : c)] & 0xff;
            }
            Integer index = palette.get(color);
            if (index == null) {
                index = palette.size();
                palette.put(color, index);
            }
            if (palette.size() > COLORS) {
                return rgb.toBufferedImage();
            }
            indices[i] = index.byteValue();
        }
        int[] colors = palette.keySet().stream().mapToInt(Integer::intValue).toArray();
        IndexColorModel model = new IndexColorModel(8, colors.length, colors, 0, false, -1, DataBuffer.TYPE_BYTE);
        BufferedImage awt = new BufferedImage(frame.width(), frame.height(), BufferedImage.TYPE_BYTE_INDEXED, model);
        awt.getRaster().setDataElements(0, 0, frame.width(), frame.height(), indices);
        return awt;
    }
}
