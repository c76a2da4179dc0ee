package org.atelier4j.image;

import java.awt.image.BufferedImage;
import java.util.Arrays;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Tensor;

/**
 * A picture of bytes: rows from the top, pixels from the left, channels last. One channel is gray, three are red, green
 * and blue, four add opacity (255 opaque, colors not multiplied by it). Values are as displayed (sRGB). Immutable.
 */
public final class Image {
    private final int width;
    private final int height;
    private final int channels;
    private final byte[] pixels;

    private Image(int width, int height, int channels, byte[] pixels) {
        this.width = width;
        this.height = height;
        this.channels = channels;
        this.pixels = pixels;
    }

    /**
     * Returns an image with a copy of the pixels.
     *
     * @param channels 1, 3 or 4
     * @param pixels {@code height · width · channels} values, read as 0 to 255
     */
    public static Image of(int width, int height, int channels, byte[] pixels) {
        return wrap(width, height, channels, pixels.clone());
    }

    /** Returns an image of a UINT8 tensor (H, W, C). */
    public static Image of(Tensor pixels) {
        Check.rank("Image", 3, "(H, W, C)", pixels);
        Check.dtype("Image", DType.UINT8, pixels);
        byte[] bytes = new byte[Math.toIntExact(pixels.size())];
        pixels.download().get(bytes);
        return wrap(pixels.dim(1), pixels.dim(0), pixels.dim(2), bytes);
    }

    /**
     * Returns an image of an AWT image. Samples are taken as they are stored: 16 bits are rounded to 8, palettes are
     * looked up, gray with opacity becomes four channels; color profiles are not applied.
     */
    public static Image of(BufferedImage image) {
        return AwtImages.fromAwt(image);
    }

    /** Returns an image of one value. */
    public static Image filled(int width, int height, int channels, int value) {
        Check.that(value >= 0 && value <= 255, "Image: value must lie in [0, 255], got %d", value);
        checkSize(width, height, channels);
        byte[] pixels = new byte[Math.multiplyExact(Math.multiplyExact(width, height), channels)];
        Arrays.fill(pixels, (byte) value);
        return new Image(width, height, channels, pixels);
    }

    /** Returns an image over an array that nobody else changes. */
    static Image wrap(int width, int height, int channels, byte[] pixels) {
        checkSize(width, height, channels);
        Check.that(
                pixels.length == (long) width * height * channels,
                "Image: %d x %d pixels of %d channels must have %d bytes, got %d",
                width,
                height,
                channels,
                (long) width * height * channels,
                pixels.length);
        return new Image(width, height, channels, pixels);
    }

    private static void checkSize(int width, int height, int channels) {
        Check.that(width > 0 && height > 0, "Image: size must be positive, got %d x %d", width, height);
        Check.that(
                channels == 1 || channels == 3 || channels == 4, "Image: channels must be 1, 3 or 4, got %d", channels);
    }

    /** Returns the number of pixels in a row. */
    public int width() {
        return width;
    }

    /** Returns the number of rows. */
    public int height() {
        return height;
    }

    /** Returns 1, 3 or 4. */
    public int channels() {
        return channels;
    }

    /** Returns a value from 0 to 255. */
    public int at(int x, int y, int channel) {
        Check.that(
                x >= 0 && x < width && y >= 0 && y < height && channel >= 0 && channel < channels,
                "Image.at: place must lie within %d x %d x %d, got (%d, %d, %d)",
                width,
                height,
                channels,
                x,
                y,
                channel);
        return pixels[(y * width + x) * channels + channel] & 0xff;
    }

    /** Returns a copy of the pixels, row by row. */
    public byte[] toBytes() {
        return pixels.clone();
    }

    /** Copies all pixels into an array from {@code offset} on. */
    public void copyTo(byte[] target, int offset) {
        System.arraycopy(pixels, 0, target, offset, pixels.length);
    }

    /** Returns the pixels as a UINT8 tensor (H, W, C). */
    public Tensor toTensor() {
        return Tensor.of(pixels, height, width, channels);
    }

    /** Returns an AWT image: {@code TYPE_BYTE_GRAY}, {@code TYPE_3BYTE_BGR} or {@code TYPE_4BYTE_ABGR}. */
    public BufferedImage toBufferedImage() {
        return AwtImages.toAwt(this);
    }

    /**
     * Returns this with another number of channels: gray is 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601, as PIL's "L"),
     * opacity is taken away by laying the image on white and added as 255.
     *
     * @param count 1, 3 or 4
     */
    public Image withChannels(int count) {
        checkSize(width, height, count);
        if (count == channels) {
            return this;
        }
        byte[] out = new byte[Math.multiplyExact(width * height, count)];
        for (int i = 0; i < width * height; i++) {
            int in = i * channels;
            int r = onWhite(in, 0, count);
            int g = channels == 1 ? r : onWhite(in, 1, count);
            int b = channels == 1 ? r : onWhite(in, 2, count);
            if (count == 1) {
                out[i] = (byte) (19595 * r + 38470 * g + 7471 * b + 0x8000 >> 16);
                continue;
            }
            out[i * count] = (byte) r;
            out[i * count + 1] = (byte) g;
            out[i * count + 2] = (byte) b;
            if (count == 4) {
                out[i * count + 3] = (byte) 255;
            }
        }
        return new Image(width, height, count, out);
    }

    private int onWhite(int pixel, int channel, int wanted) {
        int value = pixels[pixel + channel] & 0xff;
        if (channels != 4 || wanted == 4) {
            return value;
        }
        int opacity = pixels[pixel + 3] & 0xff;
        return (value * opacity + 255 * (255 - opacity) + 127) / 255;
    }

    /** Returns the part that begins at column {@code x} and row {@code y}. */
    public Image crop(int x, int y, int cropWidth, int cropHeight) {
        Check.that(
                x >= 0
                        && y >= 0
                        && cropWidth > 0
                        && cropHeight > 0
                        && cropWidth <= width - x
                        && cropHeight <= height - y,
                "Image.crop: part must lie within %d x %d, got %d x %d at (%d, %d)",
                width,
                height,
                cropWidth,
                cropHeight,
                x,
                y);
        byte[] out = new byte[cropWidth * cropHeight * channels];
        int row = cropWidth * channels;
        for (int i = 0; i < cropHeight; i++) {
            System.arraycopy(pixels, ((y + i) * width + x) * channels, out, i * row, row);
        }
        return new Image(cropWidth, cropHeight, channels, out);
    }

    /** Returns this with each pixel as a square of {@code factor} × {@code factor}: for looking at small images. */
    public Image enlarge(int factor) {
        Check.that(factor >= 1, "Image.enlarge: factor must be >= 1, got %d", factor);
        int wide = Math.multiplyExact(width, factor);
        int high = Math.multiplyExact(height, factor);
        byte[] out = new byte[Math.multiplyExact(Math.multiplyExact(wide, high), channels)];
        int row = wide * channels;
        for (int y = 0; y < high; y++) {
            if (y % factor != 0) {
                System.arraycopy(out, (y - 1) * row, out, y * row, row);
                continue;
            }
            for (int x = 0; x < wide; x++) {
                int in = (y / factor * width + x / factor) * channels;
                System.arraycopy(pixels, in, out, y * row + x * channels, channels);
            }
        }
        return new Image(wide, high, channels, out);
    }

    /**
     * Returns this in another size. Each pixel is the mean of what it covers, weighted by a triangle whose width grows
     * with the reduction, so that nothing aliases (PIL's "bilinear").
     */
    public Image resize(int toWidth, int toHeight) {
        checkSize(toWidth, toHeight, channels);
        return toWidth == width && toHeight == height ? this : Resampling.triangle(this, toWidth, toHeight);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Image i
                && width == i.width
                && height == i.height
                && channels == i.channels
                && Arrays.equals(pixels, i.pixels);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(pixels);
    }

    /** Returns the size in words. */
    @Override
    public String toString() {
        return "Image " + width + " x " + height + " x " + channels;
    }
}
