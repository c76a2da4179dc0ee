package org.atelier4j.autoregressive.pipeline;

import java.util.List;
import org.atelier4j.autoregressive.Decoding;
import org.atelier4j.image.Image;
import org.atelier4j.tensor.Check;

/**
 * Which part of an image shall be drawn anew.
 *
 * @param image the image
 * @param mask of the same size with one channel: 128 and more where pixels are to be drawn
 * @param count in how many ways, ≥ 1
 * @param labels classes: one for each way, or one for all, or none
 * @param decoding how codes are drawn
 * @param keepPixels whether pixels outside of the mask are those of the image, or what the tokenizer makes of them, which
 *     shows no seam
 * @param seed of all randomness
 */
public record CompleteRequest(
        Image image, Image mask, int count, List<Integer> labels, Decoding decoding, boolean keepPixels, long seed) {
    /** Pixels of a mask from this value on are drawn anew. */
    static final int COVERED = 128;

    /** Checks the mask and copies the list. */
    public CompleteRequest {
        labels = List.copyOf(labels);
        GenerateRequest.checkLabels("CompleteRequest", count, labels, decoding);
        Check.that(
                mask.channels() == 1 && mask.width() == image.width() && mask.height() == image.height(),
                "CompleteRequest: mask must be %d x %d with 1 channel, as the image, got %d x %d with %d",
                image.width(),
                image.height(),
                mask.width(),
                mask.height(),
                mask.channels());
        boolean any = false;
        for (byte value : mask.toBytes()) {
            any |= Byte.toUnsignedInt(value) >= COVERED;
        }
        Check.that(any, "CompleteRequest: mask must cover at least one pixel, all are below %d", COVERED);
    }

    /** Returns a request for one completion of no particular class, without a seam, with seed 0. */
    public static CompleteRequest of(Image image, Image mask) {
        return new CompleteRequest(image, mask, 1, List.of(), Decoding.standard(), false, 0);
    }

    /** Returns the same in several ways. */
    public CompleteRequest withCount(int ways) {
        return new CompleteRequest(image, mask, ways, labels, decoding, keepPixels, seed);
    }

    /** Returns the same for the given classes. */
    public CompleteRequest withLabels(List<Integer> classes) {
        return new CompleteRequest(image, mask, count, classes, decoding, keepPixels, seed);
    }

    /** Returns the same drawn in another way. */
    public CompleteRequest withDecoding(Decoding other) {
        return new CompleteRequest(image, mask, count, labels, other, keepPixels, seed);
    }

    /** Returns the same with the image's own pixels outside of the mask, or not. */
    public CompleteRequest withKeepPixels(boolean keep) {
        return new CompleteRequest(image, mask, count, labels, decoding, keep, seed);
    }

    /** Returns the same with another seed. */
    public CompleteRequest withSeed(long other) {
        return new CompleteRequest(image, mask, count, labels, decoding, keepPixels, other);
    }

    /** Returns a mask that covers a rectangle. */
    public static Image rectangle(Image image, int x, int y, int width, int height) {
        byte[] pixels = new byte[image.width() * image.height()];
        for (int i = 0; i < pixels.length; i++) {
            int column = i % image.width();
            int row = i / image.width();
            boolean inside = column >= x && column < x + width && row >= y && row < y + height;
            pixels[i] = (byte) (inside ? 255 : 0);
        }
        return Image.of(image.width(), image.height(), 1, pixels);
    }
}
