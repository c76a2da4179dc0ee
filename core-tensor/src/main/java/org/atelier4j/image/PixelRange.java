package org.atelier4j.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.atelier4j.tensor.Check;
import org.atelier4j.tensor.DType;
import org.atelier4j.tensor.Shape;
import org.atelier4j.tensor.Tensor;
import org.atelier4j.tensor.device.Device;

/**
 * The one place where pixels (0 to 255) become numbers and back.
 *
 * <p>A pixel v becomes the float nearest to {@code v/127.5 − 1} or {@code v/255}. A number becomes the nearest pixel,
 * halves upwards, after it is limited to the range; so v → float → v gives v for all 256 values.
 */
public enum PixelRange {
    /** [−1, 1], what networks see and give. */
    SIGNED(127.5, -1),
    /** [0, 1], what many metrics and published networks ask for. */
    UNIT(255, 0);

    private final double scale;
    private final double low;
    private final float[] table = new float[256];

    PixelRange(double scale, double low) {
        this.scale = scale;
        this.low = low;
        for (int v = 0; v < table.length; v++) {
            table[v] = (float) (v / scale + low);
        }
    }

    /** Returns the number of a pixel. */
    public float toFloat(byte pixel) {
        return table[pixel & 0xff];
    }

    /**
     * Returns the pixel nearest to a number, limited to 0 to 255.
     *
     * @throws IllegalArgumentException if it is NaN
     */
    public byte toByte(float value) {
        Check.that(!Float.isNaN(value), "PixelRange: value must be a number, got NaN");
        return (byte) Math.max(0, Math.min(255, Math.floor((value - low) * scale + 0.5)));
    }

    /** Returns an image as FLOAT32 (H, W, C). */
    public Tensor toTensor(Image image) {
        return toTensor(List.of(image)).squeeze(0);
    }

    /** Returns images of one size and number of channels as FLOAT32 (B, H, W, C). */
    public Tensor toTensor(List<Image> images) {
        Check.that(!images.isEmpty(), "PixelRange: at least one image must be given");
        Image first = images.get(0);
        int each = first.height() * first.width() * first.channels();
        Tensor batch = Tensor.empty(
                Shape.of(images.size(), first.height(), first.width(), first.channels()), DType.FLOAT32, Device.cpu());
        byte[] pixels = new byte[each];
        ByteBuffer bytes = ByteBuffer.allocate(each * 4).order(ByteOrder.nativeOrder());
        for (int i = 0; i < images.size(); i++) {
            checkLike(first, images.get(i));
            images.get(i).copyTo(pixels, 0);
            FloatBuffer floats = bytes.clear().asFloatBuffer();
            for (byte p : pixels) {
                floats.put(table[p & 0xff]);
            }
            batch.device().upload(bytes, batch.storage(), (long) i * each);
        }
        return batch;
    }

    /**
     * Returns the image of numbers (H, W, C).
     *
     * @throws IllegalArgumentException if one is NaN
     */
    public Image toImage(Tensor image) {
        Check.rank("PixelRange", 3, "(H, W, C)", image);
        return toImages(image.detach().unsqueeze(0)).get(0);
    }

    /**
     * Returns the images of numbers (B, H, W, C).
     *
     * @throws IllegalArgumentException if one is NaN
     */
    public List<Image> toImages(Tensor images) {
        Check.rank("PixelRange", 4, "(B, H, W, C)", images);
        int each = Math.toIntExact(images.shape().size(1, 4));
        float[] values = images.toFloats();
        List<Image> list = new ArrayList<>();
        for (int b = 0; b < images.dim(0); b++) {
            byte[] pixels = new byte[each];
            for (int i = 0; i < each; i++) {
                pixels[i] = toByte(values[b * each + i]);
            }
            list.add(Image.wrap(images.dim(2), images.dim(1), images.dim(3), pixels));
        }
        return list;
    }

    static void checkLike(Image first, Image other) {
        Check.that(
                first.width() == other.width()
                        && first.height() == other.height()
                        && first.channels() == other.channels(),
                "images must have one size, got %s and %s",
                first,
                other);
    }
}
