package org.atelier4j.image;

import static org.atelier4j.io.MalformedFileException.check;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Locale;
import java.util.Set;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.atelier4j.io.AtomicFile;
import org.atelier4j.io.FileFailure;
import org.atelier4j.io.MalformedFileException;
import org.atelier4j.tensor.Check;
import org.jspecify.annotations.Nullable;

/**
 * Pictures in files: reads PNG, JPEG, BMP and GIF (its first frame) and whatever ImageIO plugins are present; writes PNG
 * and JPEG.
 *
 * <p>The size is checked before anything is decoded. A file that ends too early or whose checksums fail is an error, also
 * where a viewer would show a part of it: half a picture is no training example. Values are taken as stored, color
 * profiles are not applied.
 */
public final class ImageFiles {
    /** The most pixels a file may hold to be read. */
    public static final long MAX_PIXELS = 1L << 26;

    private static final long MAX_BYTES = 1L << 29;
    private static final long MAX_PIXELS_PER_BYTE =
            4096; // GIF's LZW codes stand for 2731 at most, JPEG's blocks for 512
    private static final Set<String> BOUNDED = Set.of("gif", "jpeg", "bmp"); // PNG has a bound of its own
    private static final float JPEG_QUALITY = 0.95f;

    private ImageFiles() {}

    /**
     * Reads a file with as many channels as it holds.
     *
     * @throws MalformedFileException if it is damaged, too large or of no known format
     * @throws UncheckedIOException if it cannot be read
     */
    public static Image read(Path path) {
        try {
            long size = Files.size(path);
            check(size <= MAX_BYTES, path, "an image file must have at most " + MAX_BYTES + " bytes, got " + size);
            return decode(Files.readAllBytes(path), path);
        } catch (IOException e) {
            throw FileFailure.reading(path, e);
        }
    }

    /**
     * Returns the image of an encoded file.
     *
     * @param source where it is from, for messages
     * @throws MalformedFileException if it is damaged, too large or of no known format
     */
    public static Image decode(byte[] file, Object source) {
        byte[] essential = PngChunks.isPng(file) ? PngChunks.essential(file, source) : file;
        try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(essential))) {
            Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
            check(readers.hasNext(), source, "must be a PNG, JPEG, BMP or GIF picture");
            ImageReader reader = readers.next();
            try {
                return decode(reader, in, file.length, source);
            } finally {
                reader.dispose();
            }
        } catch (UncheckedIOException e) {
            throw e;
        } catch (IOException | RuntimeException e) { // the JDK's decoders throw all kinds on damaged files
            throw new MalformedFileException(source, "picture is damaged or of an unknown kind: " + reason(e), e);
        }
    }

    /**
     * Writes a PNG or JPEG file, as its name ends, whole or not at all. JPEG has no opacity: the image is laid on white.
     *
     * @param path ending in .png, .jpg or .jpeg
     */
    public static void write(Path path, Image image) {
        String name = path.getFileName().toString().toLowerCase(Locale.ROOT);
        boolean jpeg = name.endsWith(".jpg") || name.endsWith(".jpeg");
        Check.that(jpeg || name.endsWith(".png"), "ImageFiles: name must end in .png, .jpg or .jpeg, got %s", path);
        byte[] bytes = jpeg ? encodeJpeg(image, JPEG_QUALITY) : encodePng(image);
        AtomicFile.write(path, out -> out.write(bytes));
    }

    /** Returns the image as a PNG file. */
    public static byte[] encodePng(Image image) {
        return encode("png", image.toBufferedImage(), 0);
    }

    /**
     * Returns the image as a JPEG file.
     *
     * @param quality in (0, 1]
     */
    public static byte[] encodeJpeg(Image image, double quality) {
        Check.that(quality > 0 && quality <= 1, "ImageFiles: quality must lie in (0, 1], got %s", quality);
        Image opaque = image.channels() == 4 ? image.withChannels(3) : image;
        return encode("jpeg", opaque.toBufferedImage(), (float) quality);
    }

    private static Image decode(ImageReader reader, ImageInputStream in, int length, Object source) throws IOException {
        reader.setInput(in, true, true);
        int width = reader.getWidth(0);
        int height = reader.getHeight(0);
        checkSize(width, height, source);
        check(
                !BOUNDED.contains(reader.getFormatName().toLowerCase(Locale.ROOT))
                        || (long) width * height <= length * MAX_PIXELS_PER_BYTE,
                source,
                "picture of " + width + " x " + height + " pixels cannot come from " + length + " bytes");
        StringBuilder damage = new StringBuilder();
        reader.addIIOReadWarningListener((r, warning) -> {
            String text = warning.toLowerCase(Locale.ROOT);
            if (text.contains("premature") || text.contains("truncated") || text.contains("corrupt")) {
                damage.append(damage.isEmpty() ? "" : "; ").append(warning);
            }
        });
        BufferedImage awt = reader.read(0);
        check(damage.isEmpty(), source, "picture is damaged: " + damage);
        return AwtImages.fromAwt(awt);
    }

    private static String reason(Exception e) {
        if (e instanceof EOFException) {
            return "it ends too early";
        }
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    static void checkSize(long width, long height, Object source) {
        check(
                width > 0 && height > 0 && width <= MAX_PIXELS / height,
                source,
                "picture must have 1 to " + MAX_PIXELS + " pixels, got " + width + " x " + height);
    }

    private static byte[] encode(String format, BufferedImage awt, float quality) {
        ImageWriter writer = ImageIO.getImageWriters(ImageTypeSpecifier.createFromRenderedImage(awt), format)
                .next();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
            @Nullable ImageWriteParam param = null;
            if (quality > 0) {
                param = writer.getDefaultWriteParam();
                param.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
                param.setCompressionQuality(quality);
            }
            writer.setOutput(out);
            writer.write(null, new IIOImage(awt, null, null), param);
        } catch (IOException e) {
            throw new UncheckedIOException("ImageFiles: " + format + " could not be encoded", e);
        } finally {
            writer.dispose();
        }
        return bytes.toByteArray();
    }
}
