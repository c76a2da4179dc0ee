package org.atelier4j.image;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.awt.image.PackedColorModel;
import java.awt.image.Raster;
import org.atelier4j.tensor.Check;

/**
 * Between {@link Image} and AWT. Samples are read from the raster: {@link BufferedImage#getRGB} would pass gray images
 * through a color conversion that changes their values.
 */
final class AwtImages {
    private AwtImages() {}

    static BufferedImage toAwt(Image image) {
        int width = image.width();
        int height = image.height();
        int type = switch (image.channels()) {
            case 1 -> BufferedImage.TYPE_BYTE_GRAY;
            case 3 -> BufferedImage.TYPE_3BYTE_BGR;
            default -> BufferedImage.TYPE_4BYTE_ABGR;
        };
        BufferedImage awt = new BufferedImage(width, height, type);
        byte[] data = ((DataBufferByte) awt.getRaster().getDataBuffer()).getData();
        image.copyTo(data, 0);
        if (image.channels() > 1) {
            reverseChannels(data, image.channels());
        }
        return awt;
    }

    static Image fromAwt(BufferedImage awt) {
        ColorModel model = awt.getColorModel();
        int space = model.getColorSpace().getType();
        Check.that(
                space == ColorSpace.TYPE_GRAY || space == ColorSpace.TYPE_RGB,
                "Image: colors must be gray or RGB, got %d components of another kind, as for printing",
                model.getNumColorComponents());
        if (model instanceof IndexColorModel palette) {
            return fromPalette(awt.getRaster(), palette);
        } else if (hasPlainSamples(model, awt.getRaster())) {
            return fromSamples(awt.getRaster(), model);
        }
        return fromArgb(awt, model.hasAlpha() ? 4 : 3);
    }

    private static void reverseChannels(byte[] data, int channels) {
        for (int i = 0; i < data.length; i += channels) {
            for (int a = i, b = i + channels - 1; a < b; a++, b--) {
                byte swap = data[a];
                data[a] = data[b];
                data[b] = swap;
            }
        }
    }

    /** A palette of grays without transparency gives a gray image, as PNG files of 1, 2 or 4 bits do. */
    private static Image fromPalette(Raster raster, IndexColorModel palette) {
        int size = palette.getMapSize();
        boolean gray = true;
        for (int i = 0; i < size; i++) {
            gray &= palette.getRed(i) == palette.getGreen(i) && palette.getRed(i) == palette.getBlue(i);
            gray &= palette.getAlpha(i) == 255;
        }
        int channels = gray ? 1 : palette.hasAlpha() ? 4 : 3;
        int width = raster.getWidth();
        byte[] pixels = new byte[width * raster.getHeight() * channels];
        int[] row = new int[width];
        int at = 0;
        for (int y = 0; y < raster.getHeight(); y++) {
            raster.getSamples(raster.getMinX(), raster.getMinY() + y, width, 1, 0, row);
            for (int index : row) {
                int entry = Math.min(index, size - 1);
                pixels[at++] = (byte) palette.getRed(entry);
                if (channels > 1) {
                    pixels[at++] = (byte) palette.getGreen(entry);
                    pixels[at++] = (byte) palette.getBlue(entry);
                }
                if (channels > 3) {
                    pixels[at++] = (byte) palette.getAlpha(entry);
                }
            }
        }
        return Image.wrap(width, raster.getHeight(), channels, pixels);
    }

    private static boolean hasPlainSamples(ColorModel model, Raster raster) {
        int bands = raster.getNumBands();
        boolean integers = raster.getTransferType() <= DataBuffer.TYPE_USHORT
                || model instanceof PackedColorModel && raster.getTransferType() == DataBuffer.TYPE_INT;
        boolean colors = model.getColorSpace().getNumComponents() == (bands <= 2 ? 1 : 3) && bands <= 4;
        return (model instanceof ComponentColorModel || model instanceof PackedColorModel)
                && integers
                && colors
                && model.hasAlpha() == (bands == 2 || bands == 4)
                && !model.isAlphaPremultiplied();
    }

    private static Image fromSamples(Raster raster, ColorModel model) {
        int bands = raster.getNumBands();
        int channels = bands == 2 ? 4 : bands;
        int width = raster.getWidth();
        byte[] pixels = new byte[Math.multiplyExact(width * raster.getHeight(), channels)];
        int[] row = new int[width * bands];
        int at = 0;
        for (int y = 0; y < raster.getHeight(); y++) {
            raster.getPixels(raster.getMinX(), raster.getMinY() + y, width, 1, row);
            for (int i = 0; i < row.length; i++) {
                int band = i % bands;
                byte value = toByte(row[i], model.getComponentSize(band));
                int copies = bands == 2 && band == 0 ? 3 : 1; // gray with opacity: red, green and blue are equal
                for (int j = 0; j < copies; j++) {
                    pixels[at++] = value;
                }
            }
        }
        return Image.wrap(width, raster.getHeight(), channels, pixels);
    }

    /** Maps the largest value of {@code bits} bits to 255, rounding to nearest. */
    private static byte toByte(int sample, int bits) {
        int max = (1 << bits) - 1;
        return (byte) (bits == 8 ? sample : (sample * 255 + max / 2) / max);
    }

    private static Image fromArgb(BufferedImage awt, int channels) {
        int width = awt.getWidth();
        byte[] pixels = new byte[Math.multiplyExact(width * awt.getHeight(), channels)];
        int at = 0;
        for (int y = 0; y < awt.getHeight(); y++) {
            for (int argb : awt.getRGB(0, y, width, 1, null, 0, width)) {
                pixels[at++] = (byte) (argb >> 16);
                pixels[at++] = (byte) (argb >> 8);
                pixels[at++] = (byte) argb;
                if (channels == 4) {
                    pixels[at++] = (byte) (argb >> 24);
                }
            }
        }
        return Image.wrap(width, awt.getHeight(), channels, pixels);
    }
}
